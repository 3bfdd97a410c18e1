CREATE OR REPLACE VIEW {database}.devices AS
SELECT
    i.bank AS bank, if(c.canonical_key = '', i.device_key, c.canonical_key) AS device_key,
    argMaxIf(i.os_build, (i.taken_at, i.event_id), i.os_build != '') AS os_build,
    argMaxIf(i.os_name, (i.taken_at, i.event_id), i.os_name != '') AS os_name,
    argMaxIf(i.os_edition, (i.taken_at, i.event_id), i.os_edition != '') AS os_edition,
    argMaxIf(i.model, (i.taken_at, i.event_id), i.model != '') AS model,
    argMaxIf(i.manufacturer, (i.taken_at, i.event_id), i.manufacturer != '') AS manufacturer,
    argMaxIf(i.branch, (i.taken_at, i.event_id), i.branch != '') AS branch,
    argMaxIf(i.pending_reboot, (i.taken_at, i.event_id), position(i.event, '"pendingReboot":') > 0) AS pending_reboot,
    max(i.taken_at) AS inventory_at
FROM {database}.inventories AS i
GLOBAL LEFT JOIN (SELECT bank, device_key, canonical_key FROM {database}.canonical_devices FINAL) AS c
    ON c.bank = i.bank AND c.device_key = i.device_key
GROUP BY bank, device_key
COMMENT 'What the snapshots of each device tell: each fact by the newest snapshot that tells it.';
