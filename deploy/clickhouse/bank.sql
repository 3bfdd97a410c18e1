-- A reader for one bank's own BI tools: the public views, its own rows, nothing else. Once per bank, after users.sql:
--   clickhouse-client --param_bank_password=… --multiquery < <(sed 's/BANK/bank-a/g' bank.sql)
-- Every public view has a column `bank`; a view that is added later needs a grant here as well (the row policy covers it).

CREATE USER IF NOT EXISTS `bank_BANK` IDENTIFIED WITH sha256_password BY {bank_password:String} SETTINGS PROFILE rollcall_bank;

GRANT SELECT ON rollcall.attempts TO `bank_BANK`;
GRANT SELECT ON rollcall.final_failures TO `bank_BANK`;
GRANT SELECT ON rollcall.cohorts TO `bank_BANK`;
GRANT SELECT ON rollcall.latest_outcomes TO `bank_BANK`;
GRANT SELECT ON rollcall.funnel_daily TO `bank_BANK`;
GRANT SELECT ON rollcall.devices TO `bank_BANK`;
GRANT SELECT ON rollcall.alerts TO `bank_BANK`;
GRANT SELECT ON rollcall.remedies TO `bank_BANK`;
GRANT SELECT ON rollcall.freshness TO `bank_BANK`;

CREATE ROW POLICY IF NOT EXISTS `rollcall_BANK` ON rollcall.* USING bank = 'BANK' TO `bank_BANK`;

CREATE QUOTA IF NOT EXISTS `rollcall_bank_BANK` FOR INTERVAL 1 MINUTE MAX QUERIES 600, EXECUTION TIME 300 TO `bank_BANK`;
