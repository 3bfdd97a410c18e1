CREATE VIEW {database}.attempts AS
SELECT
    bank, kb, device_key, started_at, ended_at, arrived_at, outcome, operation, stage, rollback, hresult, reported_hresult,
    build, channel, branch, upgraded_from, signature_id, event_ids
FROM {database}.histories FINAL
ARRAY JOIN
    `attempts.started_at` AS started_at, `attempts.ended_at` AS ended_at, `attempts.arrived_at` AS arrived_at,
    `attempts.outcome` AS outcome, `attempts.operation` AS operation, `attempts.stage` AS stage,
    `attempts.rollback` AS rollback, `attempts.hresult` AS hresult, `attempts.reported_hresult` AS reported_hresult,
    `attempts.build` AS build, `attempts.channel` AS channel, `attempts.branch` AS branch,
    `attempts.upgraded_from` AS upgraded_from, `attempts.signature_id` AS signature_id, `attempts.event_ids` AS event_ids
COMMENT 'One row per attempt: all reports of one try to bring one KB onto one device.';

CREATE VIEW {database}.final_failures AS
SELECT
    f.bank AS bank, f.kb AS kb, f.device_key AS device_key, f.build AS build, f.cohort_id AS cohort_id,
    f.signature_id AS signature_id, s.l1 AS signature_l1, s.l2 AS signature_l2, s.l3 AS signature_l3,
    s.fineness AS fineness, s.reason AS reason,
    f.channel AS channel, f.branch AS branch, f.first_at AS first_at, f.last_at AS last_at, f.arrived_at AS arrived_at,
    f.open AS open, f.regressed AS regressed, f.attempts AS attempts
FROM
(
    SELECT bank, kb, device_key, build, cohort_id, signature_id, channel, branch, first_at, last_at, arrived_at, open, regressed, attempts
    FROM {database}.histories FINAL
    ARRAY JOIN
        `failures.build` AS build, `failures.cohort_id` AS cohort_id, `failures.signature_id` AS signature_id,
        `failures.channel` AS channel, `failures.branch` AS branch, `failures.first_at` AS first_at,
        `failures.last_at` AS last_at, `failures.arrived_at` AS arrived_at, `failures.open` AS open,
        `failures.regressed` AS regressed, `failures.attempts` AS attempts
) AS f
LEFT JOIN
(
    SELECT signature_id, any(l1) AS l1, any(l2) AS l2, any(l3) AS l3, any(fineness) AS fineness, any(reason) AS reason
    FROM {database}.signatures GROUP BY signature_id
) AS s ON s.signature_id = f.signature_id
COMMENT 'One row per device and cohort: failures that no finer report of the same failure replaces.';

CREATE VIEW {database}.cohorts AS
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
        uniqExactIf(device_key, open) AS failing, uniqExact(device_key) AS ever_failed,
        min(first_at) AS first_seen, max(last_at) AS last_seen, uniqExactIf(device_key, final_failures.regressed AND open) AS regressed
    FROM {database}.final_failures AS final_failures
    GROUP BY bank, build, kb, cohort_id, signature_id
) AS c
LEFT JOIN
(
    SELECT bank, kb, build, uniqExact(device_key) AS attempted
    FROM {database}.histories FINAL ARRAY JOIN attempted_builds AS build
    GROUP BY bank, kb, build
) AS d ON d.bank = c.bank AND d.kb = c.kb AND d.build = c.build
COMMENT 'Failing cohorts: bank x build x KB x error signature. Numbers are distinct devices.';

CREATE VIEW {database}.latest_outcomes AS
SELECT
    bank, kb, device_key, latest_outcome AS outcome, latest_at AS at,
    if(empty(`attempts.build`), 'unknown', `attempts.build`[-1]) AS build,
    if(empty(`attempts.channel`), 'unknown', `attempts.channel`[-1]) AS channel,
    if(empty(`attempts.branch`), '', `attempts.branch`[-1]) AS branch
FROM {database}.histories FINAL
WHERE latest_outcome != ''
COMMENT 'Where each device stands with each KB now.';

CREATE VIEW {database}.funnel_daily AS
SELECT bank, build, kb, toDate(coalesce(ended_at, started_at, arrived_at)) AS day, outcome, uniqExact(device_key) AS devices
FROM {database}.attempts
WHERE operation IN ('install', 'unknown')
GROUP BY bank, build, kb, day, outcome
COMMENT 'Distinct devices per day and outcome of their attempts.';

CREATE VIEW {database}.devices AS
SELECT
    i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key,
    argMax(i.os_build, (i.taken_at, i.event_id)) AS os_build, argMax(i.os_name, (i.taken_at, i.event_id)) AS os_name,
    argMax(i.os_edition, (i.taken_at, i.event_id)) AS os_edition, argMax(i.model, (i.taken_at, i.event_id)) AS model,
    argMax(i.manufacturer, (i.taken_at, i.event_id)) AS manufacturer, argMax(i.branch, (i.taken_at, i.event_id)) AS branch,
    argMax(i.pending_reboot, (i.taken_at, i.event_id)) AS pending_reboot, max(i.taken_at) AS inventory_at
FROM {database}.inventories AS i
LEFT JOIN (SELECT bank, device_key, canonical_key FROM {database}.canonical_devices FINAL) AS c
    ON c.bank = i.bank AND c.device_key = i.device_key
GROUP BY bank, device_key
COMMENT 'Newest snapshot of each device.';

CREATE VIEW {database}.alerts AS
SELECT
    alert_id, bank, build, kb, signature_id, signature_l1, signature_l2, signature_l3, fineness, reason, state,
    opened_at, resolved_at, failed, installs, expected, ln_p, text, deliveries
FROM {database}.alert_states FINAL
COMMENT 'Alerts and their state.';

CREATE VIEW {database}.freshness AS
SELECT max(received_at) AS as_of, count() AS reports, dateDiff('second', max(received_at), now64(3)) AS age_seconds
FROM {database}.reports
COMMENT 'How new the newest report is.';
