ALTER TABLE {database}.generation ADD COLUMN IF NOT EXISTS rebuild String DEFAULT '' COMMENT 'begun or done: a rebuild was begun in this filling and not done can be gone on with';
