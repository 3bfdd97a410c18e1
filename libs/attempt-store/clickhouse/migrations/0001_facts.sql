CREATE TABLE {database}.reports
(
    bank String COMMENT 'Bank the report belongs to, from the credential',
    kb_key String COMMENT 'What the report itself names: KB number, update:<id>.<revision> or package:<identity>',
    device_key String COMMENT 'Device pseudonym as sent; the canonical one is in histories' CODEC(ZSTD(1)),
    event_id String COMMENT 'Deterministic id of the observation; copies share it' CODEC(ZSTD(1)),
    copy_hash String COMMENT 'Which copy of the observation (start of the SHA-256 over its facts)' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When the collector took it',
    parser_version String COMMENT 'Version of the parser that read the evidence',
    evidence_count UInt8 COMMENT 'How many optional evidence fields are known',
    source String COMMENT 'Who observed it (servicing, cbs_log, windows_update_client, wsus ...)',
    operation String COMMENT 'install, uninstall, repair or unknown',
    outcome String COMMENT 'Outcome this source saw; unknown for a pure start',
    occurred_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC time of the outcome; NULL when the zone is not known or the time is not plausible',
    started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC start of the attempt, when the source says so',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'UTC end of the attempt, when the source says so',
    time_implausible Bool COMMENT 'The sender gave a time before 2001 or later than arrival + 24 h',
    stage String COMMENT 'Servicing stage at which it failed',
    rollback String COMMENT 'Progress of the rollback',
    hresult String COMMENT 'Servicing or unmapped code',
    reported_hresult String COMMENT 'Code the user was shown, when different',
    inner_errors Array(Tuple(code String, kind String, origin String)) COMMENT 'Inner errors as read, outermost first',
    failure_source String COMMENT 'CBS failure source',
    object_type String COMMENT 'Kind of the failing object',
    object_name String COMMENT 'Failing object as read' CODEC(ZSTD(1)),
    object_path String COMMENT 'Its path, scrubbed' CODEC(ZSTD(1)),
    os_build String COMMENT 'Build before the attempt',
    os_build_after String COMMENT 'Build after it',
    os_instance String COMMENT 'Changes when Windows is reinstalled' CODEC(ZSTD(1)),
    channel String COMMENT 'wsus, wu, msu_wusa, dism ...',
    branch String COMMENT 'Branch of the bank',
    upgraded_from String COMMENT 'Edition before the last in-place upgrade',
    update_id String COMMENT 'Update GUID' CODEC(ZSTD(1)),
    update_revision UInt32 COMMENT 'Update revision',
    package_identity String COMMENT 'CBS package identity' CODEC(ZSTD(1)),
    delivery_mode String COMMENT 'live, store_forward, file_import or replay',
    update_title String COMMENT 'Title as the source wrote it' CODEC(ZSTD(1)),
    excerpt Array(String) COMMENT 'Decisive lines, scrubbed' CODEC(ZSTD(1)),
    earliness UInt64 MATERIALIZED 9999999999999 - toUInt64(toUnixTimestamp64Milli(received_at)) COMMENT 'Of equal copies the earliest arrival stays',
    INDEX by_device device_key TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(earliness)
PARTITION BY toYYYYMM(received_at)
ORDER BY (bank, kb_key, device_key, event_id, copy_hash)
SETTINGS index_granularity = 1024
COMMENT 'Base facts: every copy of every report as projected from the event log. Count event_id, never rows.';

CREATE TABLE {database}.inventories
(
    bank String COMMENT 'Bank',
    device_key String COMMENT 'Device pseudonym as sent' CODEC(ZSTD(1)),
    event_id String COMMENT 'Deterministic id of the snapshot' CODEC(ZSTD(1)),
    taken_at DateTime64(3, 'UTC') COMMENT 'When the snapshot was taken',
    received_at DateTime64(3, 'UTC') COMMENT 'When the collector took it',
    os_instance String COMMENT 'Changes when Windows is reinstalled' CODEC(ZSTD(1)),
    os_build String COMMENT 'Full build, e.g. 19045.4780',
    os_name String COMMENT 'Name of the operating system',
    os_edition String COMMENT 'Edition',
    model String COMMENT 'Device model',
    manufacturer String COMMENT 'Manufacturer',
    branch String COMMENT 'Branch of the bank',
    pending_reboot Bool COMMENT 'A restart was pending',
    event String COMMENT 'The whole snapshot as JSON' CODEC(ZSTD(3)),
    earliness UInt64 MATERIALIZED 9999999999999 - toUInt64(toUnixTimestamp64Milli(received_at)) COMMENT 'Of equal snapshots the earliest arrival stays'
)
ENGINE = ReplacingMergeTree(earliness)
PARTITION BY toYYYYMM(received_at)
ORDER BY (bank, device_key, taken_at, event_id)
SETTINGS index_granularity = 1024
COMMENT 'Device snapshots as projected from the event log.';

CREATE TABLE {database}.device_aliases
(
    bank String COMMENT 'Bank',
    alias_kind String COMMENT 'smbios, directory, wsus_computer or machine_guid',
    alias_key String COMMENT 'Keyed hash of the alias',
    device_key String COMMENT 'Device pseudonym that carried it'
)
ENGINE = ReplacingMergeTree
ORDER BY (bank, alias_kind, alias_key, device_key)
COMMENT 'Which device carried which alias; devices that share one are one device.';

CREATE TABLE {database}.canonical_devices
(
    bank String COMMENT 'Bank',
    device_key String COMMENT 'Device pseudonym as sent',
    canonical_key String COMMENT 'Smallest key of all that are the same device',
    version UInt64 COMMENT 'More links known wins'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (bank, device_key)
COMMENT 'Devices known under more than one key.';

CREATE TABLE {database}.kb_links
(
    bank String COMMENT 'Bank',
    update_id String COMMENT 'Update GUID',
    update_revision UInt32 COMMENT 'Update revision',
    kb String COMMENT 'KB that a report of the bank names for it'
)
ENGINE = ReplacingMergeTree
ORDER BY (bank, update_id, update_revision, kb)
COMMENT 'Which KB an update id stands for, as reports told.';

CREATE TABLE {database}.generation
(
    rules_hash String COMMENT 'Hash of the rules, catalogue and configuration this generation is filled with',
    begun_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When its filling began'
)
ENGINE = MergeTree ORDER BY begun_at
COMMENT 'What this filling was made with; one row.';
