ALTER TABLE {database}.histories
    ADD COLUMN IF NOT EXISTS `attempts.timing` Array(String) COMMENT 'started, ended, unknown or implausible: what is known of its time',
    ADD COLUMN IF NOT EXISTS `attempts.imported` Array(Bool) COMMENT 'First told by a file or a replay',
    ADD COLUMN IF NOT EXISTS `attempts.levels` Array(Array(String)) COMMENT 'Ids of its error signature from the code alone to the finest level';
