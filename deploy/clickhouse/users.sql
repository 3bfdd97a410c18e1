-- Users, limits and rights on a ClickHouse server of your own. Run it once as an administrator, before Rollcall starts:
--   clickhouse-client --param_writer_password=… --param_reader_password=… --param_grafana_password=… --multiquery < users.sql
-- On a cluster put ON CLUSTER 'name' behind every user, role, profile and quota, or keep users in replicated storage
-- (<user_directories><replicated>). Give the shards a common <secret> in remote_servers, so that they ask each other as the
-- user who asked, and the macros {shard} and {replica}. It can be run again.

CREATE SETTINGS PROFILE IF NOT EXISTS rollcall_common SETTINGS
    async_insert = 0,
    insert_deduplicate = 0,
    distributed_foreground_insert = 1,
    distributed_product_mode = 'global',
    cancel_http_readonly_queries_on_client_close = 1,
    max_bytes_ratio_before_external_group_by = 0.25,
    max_bytes_ratio_before_external_sort = 0.25,
    default_normal_view_sql_security = 'INVOKER';

CREATE SETTINGS PROFILE IF NOT EXISTS rollcall_writer SETTINGS
    PROFILE rollcall_common,
    max_execution_time = 600;

-- readonly 2: settings may be changed within these bounds; 1: none but those that are marked.
CREATE SETTINGS PROFILE IF NOT EXISTS rollcall_reader SETTINGS
    PROFILE rollcall_common,
    readonly = 2,
    max_execution_time = 30 MIN 1 MAX 300,
    max_memory_usage = 8000000000 MIN 1 MAX 8000000000,
    max_concurrent_queries_for_user = 32 CONST;

CREATE SETTINGS PROFILE IF NOT EXISTS rollcall_grafana SETTINGS
    PROFILE rollcall_common,
    readonly = 2,
    max_execution_time = 30 MIN 1 MAX 60,
    max_memory_usage = 4000000000 MIN 1 MAX 4000000000,
    max_result_rows = 1000000 MIN 1 MAX 1000000,
    max_concurrent_queries_for_user = 16 CONST;

-- For readers of one bank. Nothing that changes a query's plan may be set: it could show rows before the row policy does.
CREATE SETTINGS PROFILE IF NOT EXISTS rollcall_bank SETTINGS
    PROFILE rollcall_common,
    readonly = 1,
    max_execution_time = 30 MIN 1 MAX 60 CHANGEABLE_IN_READONLY,
    max_memory_usage = 4000000000 MIN 1 MAX 4000000000 CHANGEABLE_IN_READONLY,
    max_result_rows = 1000000 MIN 1 MAX 1000000 CHANGEABLE_IN_READONLY,
    max_block_size = 65505 CHANGEABLE_IN_READONLY,
    join_use_nulls = 0 CHANGEABLE_IN_READONLY,
    session_timezone = '' CHANGEABLE_IN_READONLY,
    date_time_output_format = 'simple' CHANGEABLE_IN_READONLY,
    output_format_json_quote_64bit_integers = 1 CHANGEABLE_IN_READONLY,
    result_overflow_mode = 'throw' CHANGEABLE_IN_READONLY,
    enable_http_compression = 0 CHANGEABLE_IN_READONLY,
    send_progress_in_http_headers = 0 CHANGEABLE_IN_READONLY,
    http_headers_progress_interval_ms = 100 CHANGEABLE_IN_READONLY,
    max_concurrent_queries_for_user = 16 CONST;

CREATE ROLE IF NOT EXISTS rollcall_writes;
GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, SHOW ON rollcall.* TO rollcall_writes;
GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, SHOW ON rollcall_blue.* TO rollcall_writes;
GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP DATABASE, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE, SHOW ON rollcall_green.* TO rollcall_writes;
GRANT CREATE TEMPORARY TABLE, CLUSTER, REMOTE ON *.* TO rollcall_writes;

CREATE ROLE IF NOT EXISTS rollcall_reads;
GRANT SELECT, SHOW ON rollcall.* TO rollcall_reads;
GRANT SELECT, SHOW ON rollcall_blue.* TO rollcall_reads;
GRANT SELECT, SHOW ON rollcall_green.* TO rollcall_reads;

CREATE USER IF NOT EXISTS rollcall_writer IDENTIFIED WITH sha256_password BY {writer_password:String} SETTINGS PROFILE rollcall_writer;
CREATE USER IF NOT EXISTS rollcall_reader IDENTIFIED WITH sha256_password BY {reader_password:String} SETTINGS PROFILE rollcall_reader;
CREATE USER IF NOT EXISTS grafana IDENTIFIED WITH sha256_password BY {grafana_password:String} SETTINGS PROFILE rollcall_grafana;
GRANT rollcall_writes TO rollcall_writer;
GRANT rollcall_reads TO rollcall_reader, grafana;
-- The public views are SQL SECURITY DEFINER: whoever makes them may name himself as their definer.
GRANT SET DEFINER ON rollcall_writer TO rollcall_writer;

-- A panel that runs wild must not take the server from the others.
CREATE QUOTA IF NOT EXISTS rollcall_readers FOR INTERVAL 1 MINUTE MAX QUERIES 1200, EXECUTION TIME 600 TO rollcall_reader, grafana;

-- Whoever has no policy of his own sees every row once there are policies of others on a view (see bank.sql).
CREATE ROW POLICY IF NOT EXISTS rollcall_all ON rollcall.* USING 1 TO rollcall_writer, rollcall_reader, grafana;
