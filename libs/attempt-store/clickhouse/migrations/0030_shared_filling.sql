CREATE TABLE {database}.link_journal
(
    bank String COMMENT 'Bank',
    writer String COMMENT 'One run of one projector; a run that lost the answer to an insert goes on under another name',
    sequence UInt64 COMMENT 'Counts the rows of a writer',
    kind String COMMENT 'alias, kb, unnamed or joined',
    subject String COMMENT 'Device as sent, or update:<id>.<revision>' CODEC(ZSTD(1)),
    object String COMMENT 'Alias, KB, or the key under which the device was told' CODEC(ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (bank, writer, sequence)
SETTINGS index_granularity = 1024
COMMENT 'What a whole bank must know to tell one key, in an order that several projectors can follow.';

INSERT INTO {database}.link_journal
SELECT bank, '0030', rowNumberInAllBlocks() + 1, kind, subject, object FROM
(
    SELECT bank, 'alias' AS kind, device_key AS subject, concat(alias_kind, '/', alias_key) AS object FROM {database}.device_aliases
    UNION ALL SELECT bank, 'kb', concat('update:', update_id, '.', toString(update_revision)), kb FROM {database}.kb_links
    UNION ALL SELECT DISTINCT bank, 'unnamed', kb_key, '' FROM {database}.reports WHERE startsWith(kb_key, 'update:')
    UNION ALL SELECT bank, 'joined', device_key, canonical_key FROM {database}.canonical_devices WHERE device_key != canonical_key
);

ALTER TABLE {database}.histories MODIFY COLUMN version UInt128 COMMENT 'Links known, facts read, and how early these arrived; more wins';

CREATE OR REPLACE VIEW {database}.devices AS
SELECT
    i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key,
    argMax(i.os_build, (i.taken_at, i.event_id)) AS os_build, argMax(i.os_name, (i.taken_at, i.event_id)) AS os_name,
    argMax(i.os_edition, (i.taken_at, i.event_id)) AS os_edition, argMax(i.model, (i.taken_at, i.event_id)) AS model,
    argMax(i.manufacturer, (i.taken_at, i.event_id)) AS manufacturer, argMax(i.branch, (i.taken_at, i.event_id)) AS branch,
    argMax(i.pending_reboot, (i.taken_at, i.event_id)) AS pending_reboot, max(i.taken_at) AS inventory_at
FROM {database}.inventories AS i
GLOBAL LEFT JOIN (SELECT bank, device_key, canonical_key FROM {database}.canonical_devices FINAL) AS c
    ON c.bank = i.bank AND c.device_key = i.device_key
GROUP BY bank, device_key
COMMENT 'Newest snapshot of each device.';
