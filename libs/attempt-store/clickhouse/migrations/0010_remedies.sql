CREATE TABLE {database}.remedy_events
(
    bank String COMMENT 'Bank the device belongs to, from the credential',
    kb String COMMENT 'Update whose failures were treated',
    device_key String COMMENT 'Device pseudonym as sent' CODEC(ZSTD(1)),
    event_id String COMMENT 'Deterministic id of what was told' CODEC(ZSTD(1)),
    kind String COMMENT 'applied: a remedy was used; outcome: somebody says what came of it',
    remedy_id String COMMENT 'Remedy of the catalogue, or own_... of the bank',
    at DateTime64(3, 'UTC') COMMENT 'When it was used, or when the outcome was seen',
    fixed Bool COMMENT 'Of an outcome: the update could be installed',
    received_at DateTime64(3, 'UTC') COMMENT 'When the collector took it',
    earliness UInt64 MATERIALIZED 9999999999999 - toUInt64(toUnixTimestamp64Milli(received_at)) COMMENT 'Of equal events the earliest arrival stays'
)
ENGINE = ReplacingMergeTree(earliness)
ORDER BY (bank, kb, device_key, event_id)
SETTINGS index_granularity = 1024
COMMENT 'What was told of remedies, as projected from the event log.';

CREATE VIEW {database}.remedies AS
SELECT
    r.bank AS bank, r.kb AS kb, if(c.canonical_key = '', r.device_key, c.canonical_key) AS device_key, r.event_id AS event_id,
    r.kind AS kind, r.remedy_id AS remedy_id, r.at AS at, r.fixed AS fixed, r.received_at AS received_at
FROM {database}.remedy_events AS r FINAL
LEFT JOIN (SELECT bank, device_key, canonical_key FROM {database}.canonical_devices FINAL) AS c
    ON c.bank = r.bank AND c.device_key = r.device_key
COMMENT 'Remedies used on devices, and outcomes that people told.';
