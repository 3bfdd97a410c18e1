CREATE OR REPLACE VIEW {database}.cohorts AS
SELECT
    c.bank AS bank, c.build AS build, c.kb AS kb, c.cohort_id AS cohort_id, c.signature_id AS signature_id,
    c.signature_l1 AS signature_l1, c.signature_l2 AS signature_l2, c.signature_l3 AS signature_l3,
    c.fineness AS fineness, c.reason AS reason, c.failing AS failing, c.ever_failed AS ever_failed,
    d.attempted AS attempted, c.first_seen AS first_seen, c.last_seen AS last_seen, c.regressed AS regressed
FROM
(
    SELECT
        bank, build, kb, cohort_id, signature_id,
        any(final_failures.signature_l1) AS signature_l1, any(final_failures.signature_l2) AS signature_l2,
        any(final_failures.signature_l3) AS signature_l3, any(final_failures.fineness) AS fineness, any(final_failures.reason) AS reason,
        countIf(open) AS failing, count() AS ever_failed,
        min(first_at) AS first_seen, max(last_at) AS last_seen, countIf(final_failures.regressed AND open) AS regressed
    FROM {database}.final_failures AS final_failures
    GROUP BY bank, build, kb, cohort_id, signature_id
) AS c
LEFT JOIN
(
    SELECT bank, kb, build, count() AS attempted
    FROM {database}.histories FINAL ARRAY JOIN attempted_builds AS build
    GROUP BY bank, kb, build
) AS d ON d.bank = c.bank AND d.kb = c.kb AND d.build = c.build
COMMENT 'Failing cohorts: bank x build x KB x error signature. Numbers are distinct devices: a device has one row a cohort, and one a KB.';

CREATE OR REPLACE VIEW {database}.funnel_daily AS
SELECT bank, tried.1 AS build, kb, tried.2 AS day, tried.3 AS outcome, count() AS devices
FROM
(
    SELECT
        bank, kb,
        arrayDistinct(arrayFilter(
            (one, operation) -> operation IN ('install', 'unknown'),
            arrayMap(
                (build, ended, started, arrived, outcome) -> (build, toDate(coalesce(ended, started, arrived)), outcome),
                `attempts.build`, `attempts.ended_at`, `attempts.started_at`, `attempts.arrived_at`, `attempts.outcome`),
            `attempts.operation`)) AS tries
    FROM {database}.histories FINAL
)
ARRAY JOIN tries AS tried
GROUP BY bank, build, kb, day, outcome
COMMENT 'Distinct devices per day and outcome of their attempts.';
