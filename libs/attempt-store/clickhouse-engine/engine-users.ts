import { createHash } from 'node:crypto';

/** Users that are always there. `operator` only stops the engine and `probe` only tests row filters at start. */
export const FIXED_USERS = ['writer', 'reader', 'grafana', 'operator', 'probe'] as const;
export type FixedUser = (typeof FIXED_USERS)[number];

/** Name of the reader that sees one bank only. */
export const bankUser = (bank: string): string => `bank_${bank}`;

/** Which tables there are and which of them hold rows of banks. What is not named here, readers of a bank cannot read. */
export interface EngineSchema {
  /** Databases of the generations. */
  readonly generations: readonly string[];
  /** Database of the public views. */
  readonly publicDatabase: string;
  /** Tables with a column `bank`, in every generation. */
  readonly bankTables: readonly string[];
  /** Tables without one that a reader of a bank may read whole. */
  readonly sharedTables: readonly string[];
  /** Views with a column `bank`, in every generation and in the public database. */
  readonly bankViews: readonly string[];
  /** Views without one; safe as long as they are SQL SECURITY INVOKER over the tables above. */
  readonly openViews: readonly string[];
}

export interface UsersOptions {
  /** User → password, for the fixed users and each bank's reader. */
  readonly passwords: Readonly<Record<string, string>>;
  readonly banks: readonly string[];
  readonly schema: EngineSchema;
  /** Bytes that all queries together may take; profiles get shares of it. */
  readonly serverMemoryBytes: number;
}

/** What BI tools, the official client and the Grafana plugin look at to find tables and columns. */
const CATALOGUE = [
  'one',
  'databases',
  'tables',
  'columns',
  'functions',
  'settings',
  'data_type_families',
  'table_engines',
  'formats',
  'numbers',
  'build_options',
];
/** What the projector's migrations, health and disk checks look at besides. */
const INSIDE = [
  'parts',
  'disks',
  'mutations',
  'merges',
  'processes',
  'metrics',
  'asynchronous_metrics',
  'events',
  'errors',
  'server_settings',
  'merge_tree_settings',
  'data_skipping_indices',
];
const TABLE_ENGINES = [
  'MergeTree',
  'ReplacingMergeTree',
  'AggregatingMergeTree',
  'SummingMergeTree',
  'Memory',
  'Null',
];

/** Settings for everybody; `clickhouse local` starts with other values than a server. */
const COMMON_SETTINGS: Settings = {
  implicit_select: 0,
  async_insert: 0,
  // A deduplication record is written before the part: after a kill in between, the retry would be swallowed.
  insert_deduplicate: 0,
  storage_file_read_method: 'pread',
  allow_introspection_functions: 0,
  cancel_http_readonly_queries_on_client_close: 1,
  default_normal_view_sql_security: 'INVOKER',
  log_queries: 0,
};

type Settings = Readonly<Record<string, string | number>>;
/** Bounds that a user who may change settings (readonly = 2) cannot leave. */
type Constraints = Readonly<Record<string, { readonly min?: number; readonly max?: number } | 'const'>>;

/**
 * Text of `users.xml`. Users, grants and row filters can only be given here: this build has no `CREATE USER`, and it
 * reads the file once, at start.
 */
export function renderUsersXml(options: UsersOptions): string {
  return `<clickhouse>
<profiles>
${renderProfiles(options.serverMemoryBytes)}
</profiles>
<quotas>
<default/>
<!-- The boot session is two queries; afterwards nobody can use its user, which must have an empty password. -->
<boot><interval><duration>2147483647</duration><queries>2</queries></interval></boot>
</quotas>
<users>
${renderUsers(options).join('\n')}
</users>
</clickhouse>
`;
}

function renderProfiles(serverMemoryBytes: number): string {
  const share = (part: number) => Math.floor(serverMemoryBytes * part);
  const limits = (memory: number, seconds: number, longestSeconds: number, queries: number) => ({
    settings: {
      readonly: 2,
      max_memory_usage: memory,
      max_execution_time: seconds,
      max_concurrent_queries_for_user: queries,
    },
    constraints: {
      max_memory_usage: { min: 1, max: memory },
      // 0 would mean "no limit".
      max_execution_time: { min: 1, max: longestSeconds },
      max_concurrent_queries_for_user: 'const' as const,
      cancel_http_readonly_queries_on_client_close: 'const' as const,
    },
  });
  const reader = limits(share(0.4), 30, 300, 32);
  const grafana = limits(share(0.3), 30, 60, 16);
  const profile = (name: string, settings: Settings, constraints: Constraints = {}) =>
    `<${name}>${renderSettings({ ...COMMON_SETTINGS, ...settings })}${renderConstraints(constraints)}</${name}>`;
  return [
    profile('default', {}),
    profile(
      'writer',
      { max_memory_usage: share(0.7), max_execution_time: 600, distributed_foreground_insert: 1 },
      { default_normal_view_sql_security: 'const' },
    ),
    profile('reader', reader.settings, reader.constraints),
    profile(
      'grafana',
      { ...grafana.settings, max_result_rows: 1_000_000, result_overflow_mode: 'throw' },
      { ...grafana.constraints, max_result_rows: { min: 1, max: 1_000_000 } },
    ),
  ].join('\n');
}

const renderSettings = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('');

function renderConstraints(constraints: Constraints): string {
  const entries = Object.entries(constraints).map(([name, bound]) => {
    if (bound === 'const') return `<${name}><const/></${name}>`;
    const min = bound.min === undefined ? '' : `<min>${bound.min}</min>`;
    const max = bound.max === undefined ? '' : `<max>${bound.max}</max>`;
    return `<${name}>${min}${max}</${name}>`;
  });
  return entries.length === 0 ? '' : `<constraints>${entries.join('')}</constraints>`;
}

function renderUsers({ passwords, banks, schema }: UsersOptions): string[] {
  const everything = [...schema.generations, schema.publicDatabase];
  const catalogue = [
    ...CATALOGUE.map((table) => `SELECT ON system.${table}`),
    'SELECT ON INFORMATION_SCHEMA.*',
    'SELECT ON information_schema.*',
  ];
  const readAll = [...everything.map((database) => `SELECT ON ${database}.*`), ...catalogue];
  const write = [
    ...everything.map(
      (database) => `SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, SHOW ON ${database}.*`,
    ),
    'CREATE TEMPORARY TABLE ON *.*',
    ...TABLE_ENGINES.map((engine) => `TABLE ENGINE ON ${engine}`),
    ...catalogue,
    ...INSIDE.map((table) => `SELECT ON system.${table}`),
  ];
  const user = (name: string, profile: string, grants: readonly string[], filters = '') =>
    renderUser(name, passwordElement(passwords, name), profile, 'default', grants, filters);
  return [
    renderUser('default', '<password></password>', 'default', 'boot', [
      'SYSTEM LISTEN ON *.*',
      'SELECT ON system.numbers',
    ]),
    user('operator', 'default', ['KILL QUERY ON *.*', 'SELECT ON system.processes']),
    user(
      'probe',
      'reader',
      ['SELECT ON system.one'],
      '<databases><system><one><filter>dummy = 1</filter></one></system></databases>',
    ),
    user('writer', 'writer', write),
    user('reader', 'reader', readAll),
    user('grafana', 'grafana', readAll),
    ...banks.map((bank) =>
      user(bankUser(bank), 'reader', [...bankGrants(schema), ...catalogue], bankFilters(schema, bank)),
    ),
  ];
}

/** Named tables only: a table that a later migration adds stays closed until it is named, and so filtered. */
function bankGrants(schema: EngineSchema): string[] {
  const views = [...schema.bankViews, ...schema.openViews];
  const tables = [...schema.bankTables, ...schema.sharedTables, ...views];
  return [
    ...schema.generations.flatMap((database) => tables.map((table) => `SELECT ON ${database}.${table}`)),
    ...views.map((view) => `SELECT ON ${schema.publicDatabase}.${view}`),
  ];
}

/**
 * A filter on a table holds inside INVOKER views, not inside DEFINER views (measured). So views that show a bank
 * are filtered themselves too: a view that is made wrongly still shows nothing foreign.
 */
function bankFilters(schema: EngineSchema, bank: string): string {
  const filters = (database: string, tables: readonly string[]) =>
    `<${database}>${tables.map((table) => `<${table}><filter>bank = '${bank}'</filter></${table}>`).join('')}</${database}>`;
  const inGenerations = schema.generations.map((database) =>
    filters(database, [...schema.bankTables, ...schema.bankViews]),
  );
  return `<databases>${inGenerations.join('')}${filters(schema.publicDatabase, schema.bankViews)}</databases>`;
}

function passwordElement(passwords: Readonly<Record<string, string>>, name: string): string {
  const password = passwords[name];
  if (password === undefined) throw new Error(`no password for ClickHouse user ${name}`);
  return `<password_sha256_hex>${createHash('sha256').update(password).digest('hex')}</password_sha256_hex>`;
}

function renderUser(
  name: string,
  password: string,
  profile: string,
  quota: string,
  grants: readonly string[],
  filters = '',
): string {
  const queries = grants.map((grant) => `<query>GRANT ${grant}</query>`).join('\n    ');
  return `<${name}>${password}
  <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
  <profile>${profile}</profile><quota>${quota}</quota>${filters}
  <grants>
    ${queries}
  </grants>
</${name}>`;
}
