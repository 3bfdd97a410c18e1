ALTER TABLE {database}.alert_states ADD COLUMN IF NOT EXISTS tier String DEFAULT 'page' COMMENT 'page, or ticket: provisional, the bank was known for less than 28 days';

CREATE OR REPLACE VIEW {database}.alerts AS
SELECT
    alert_id, bank, build, kb, signature_id, signature_l1, signature_l2, signature_l3, fineness, reason, tier, state,
    opened_at, resolved_at, failed, installs, expected, ln_p, text, deliveries
FROM {database}.alert_states FINAL
COMMENT 'Alerts and their state.';

CREATE OR REPLACE VIEW {database}.freshness AS
SELECT bank, max(received_at) AS as_of, count() AS reports, dateDiff('second', max(received_at), now64(3)) AS age_seconds
FROM {database}.reports
GROUP BY bank
COMMENT 'How new the newest report of each bank is.';
