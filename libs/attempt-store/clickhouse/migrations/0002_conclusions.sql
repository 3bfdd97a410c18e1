CREATE TABLE {database}.signatures
(
    signature_id String COMMENT 'Id of the error signature',
    l1 String COMMENT 'Level 1: the code',
    l2 String COMMENT 'Level 2: stage and failure source',
    l3 String COMMENT 'Level 3: inner code and failing object',
    fineness UInt8 COMMENT '0 wrapper, 1 code, 2 stage or source, 3 inner code or object',
    reason String COMMENT 'Why failures are grouped so'
)
ENGINE = ReplacingMergeTree
ORDER BY signature_id
COMMENT 'Error signatures met so far.';

CREATE TABLE {database}.histories
(
    bank String COMMENT 'Bank',
    kb String COMMENT 'Resolved KB, or the update or package when none is known',
    device_key String COMMENT 'Canonical device' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'Links known and copies read; more wins',
    latest_outcome String COMMENT 'Latest outcome; empty when the row was taken back',
    latest_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Time of the latest outcome',
    attempted_builds Array(String) COMMENT 'Builds on which an install was attempted (the denominator)',
    `attempts.started_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Start of each attempt',
    `attempts.ended_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Final outcome of each attempt',
    `attempts.arrived_at` Array(DateTime64(3, 'UTC')) COMMENT 'First arrival of any report of the attempt',
    `attempts.outcome` Array(String) COMMENT 'Outcome of the attempt',
    `attempts.operation` Array(String) COMMENT 'install, uninstall, repair or unknown',
    `attempts.stage` Array(String) COMMENT 'Stage at which it failed',
    `attempts.rollback` Array(String) COMMENT 'Progress of the rollback',
    `attempts.hresult` Array(String) COMMENT 'Servicing code',
    `attempts.reported_hresult` Array(String) COMMENT 'Code the user was shown',
    `attempts.build` Array(String) COMMENT 'Build before the attempt',
    `attempts.channel` Array(String) COMMENT 'Channel',
    `attempts.branch` Array(String) COMMENT 'Branch',
    `attempts.upgraded_from` Array(String) COMMENT 'Edition before the last upgrade',
    `attempts.signature_id` Array(String) COMMENT 'Error signature; empty when none',
    `attempts.event_ids` Array(Array(String)) COMMENT 'Reports of the attempt' CODEC(ZSTD(1)),
    `failures.cohort_id` Array(String) COMMENT 'Cohort of each final failure',
    `failures.build` Array(String) COMMENT 'Build',
    `failures.signature_id` Array(String) COMMENT 'Error signature',
    `failures.channel` Array(String) COMMENT 'Channel',
    `failures.branch` Array(String) COMMENT 'Branch',
    `failures.first_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'First failure',
    `failures.last_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Last failure',
    `failures.arrived_at` Array(DateTime64(3, 'UTC')) COMMENT 'First arrival',
    `failures.open` Array(Bool) COMMENT 'The device is failing',
    `failures.regressed` Array(Bool) COMMENT 'Failing again',
    `failures.attempts` Array(UInt32) COMMENT 'Attempts that failed so',
    INDEX by_device device_key TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (bank, kb, device_key)
SETTINGS index_granularity = 1024
COMMENT 'Conclusions per bank, KB and device, recomputed when a report or link touches them. Read with FINAL, or through the views.';

CREATE TABLE {database}.alert_states
(
    alert_id String COMMENT 'Alert',
    bank String COMMENT 'Bank',
    build String COMMENT 'Build, * = any',
    kb String COMMENT 'KB, * = any',
    signature_id String COMMENT 'Error signature',
    signature_l1 String COMMENT 'Code',
    signature_l2 String COMMENT 'Stage and failure source',
    signature_l3 String COMMENT 'Inner code and failing object',
    fineness UInt8 COMMENT 'Depth of the signature',
    reason String COMMENT 'Why failures are grouped so',
    state String COMMENT 'open or resolved',
    opened_at DateTime64(3, 'UTC') COMMENT 'Watch time of opening',
    resolved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Watch time of resolving',
    failed UInt32 COMMENT 'Devices failing in the window',
    installs UInt32 COMMENT 'Devices that tried in the window',
    expected Float64 COMMENT 'Failures expected from the baseline',
    ln_p Float64 COMMENT 'Natural logarithm of the probability by chance',
    text String COMMENT 'What on-call was told',
    deliveries Array(String) COMMENT 'Delivery ids that succeeded',
    event_no UInt64 COMMENT 'Events of the alert read; more wins'
)
ENGINE = ReplacingMergeTree(event_no)
ORDER BY (bank, alert_id)
COMMENT 'Alerts as their events tell them.';
