import { createHash } from 'node:crypto';
import { renderProfiles } from './engine-profiles.js';

/** Users that are always there. `operator` only stops the engine and `probe` only tests row filters at start. */
export const FIXED_USERS = ['writer', 'reader', 'grafana', 'operator', 'probe'] as const;
export type FixedUser = (typeof FIXED_USERS)[number];

/** Name of the reader that sees one bank only. */
export const bankUser = (bank: string): string => `bank_${bank}`;

/** Which tables and views there are. What is not named here, readers of a bank cannot read. */
export interface EngineSchema {
  /** Databases of the generations. */
  readonly generations: readonly string[];
  /** Database of the public views. */
  readonly publicDatabase: string;
  /** Tables with a column `bank`, in every generation. */
  readonly bankTables: readonly string[];
  /** Public views with a column `bank`; a reader of a bank can use those that are SQL SECURITY DEFINER. */
  readonly bankViews: readonly string[];
}

export interface UsersOptions {
  /** User → password, for the fixed users and each bank's reader. */
  readonly passwords: Readonly<Record<string, string>>;
  /** Names of banks; checked by the caller. */
  readonly banks: readonly string[];
  readonly schema: EngineSchema;
  /** Bytes that all queries together may take; profiles get shares of it. */
  readonly serverMemoryBytes: number;
}

/** What BI tools, the official client and the Grafana plugin look at to find tables and columns. */
const CATALOGUE = [
  ...['one', 'databases', 'tables', 'columns', 'functions', 'settings', 'data_type_families', 'formats'],
  ...['table_engines', 'numbers', 'build_options'],
].map((table) => `SELECT ON system.${table}`);
const INFORMATION_SCHEMA = ['SELECT ON INFORMATION_SCHEMA.*', 'SELECT ON information_schema.*'];
/** What the projector's migrations, health and disk checks look at besides. */
const OPERATIONS = [
  ...['parts', 'disks', 'mutations', 'merges', 'processes', 'metrics', 'asynchronous_metrics', 'events'],
  ...['errors', 'server_settings', 'merge_tree_settings', 'data_skipping_indices'],
].map((table) => `SELECT ON system.${table}`);
const TABLE_ENGINES = [
  ...[
    'MergeTree',
    'ReplacingMergeTree',
    'AggregatingMergeTree',
    'SummingMergeTree',
    'Memory',
    'Null',
    'Distributed',
  ],
].map((engine) => `TABLE ENGINE ON ${engine}`);

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
${describeUsers(options)
  .map((user) => renderUser(user, options.passwords))
  .join('\n')}
</users>
</clickhouse>
`;
}

interface User {
  readonly name: string;
  readonly profile: string;
  readonly grants: readonly string[];
  /** `<databases>` with row filters. */
  readonly filters?: string;
}

const BOOT_USER: User = {
  name: 'default',
  profile: 'default',
  grants: ['SYSTEM LISTEN ON *.*', 'SELECT ON system.numbers'],
};

function describeUsers({ banks, schema }: UsersOptions): User[] {
  const databases = [...schema.generations, schema.publicDatabase];
  const readAll = [
    ...databases.map((database) => `SELECT ON ${database}.*`),
    ...CATALOGUE,
    ...INFORMATION_SCHEMA,
  ];
  const writeAll = databases.map(
    (database) => `SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE, OPTIMIZE, SHOW ON ${database}.*`,
  );
  return [
    BOOT_USER,
    { name: 'operator', profile: 'default', grants: ['KILL QUERY ON *.*', 'SELECT ON system.processes'] },
    {
      name: 'probe',
      profile: 'reader',
      grants: ['SELECT ON system.one'],
      filters: '<databases><system><one><filter>dummy = 1</filter></one></system></databases>',
    },
    {
      name: 'writer',
      profile: 'writer',
      grants: [
        ...writeAll,
        'CREATE TEMPORARY TABLE ON *.*',
        ...TABLE_ENGINES,
        ...CATALOGUE,
        ...INFORMATION_SCHEMA,
        ...OPERATIONS,
      ],
    },
    { name: 'reader', profile: 'reader', grants: readAll },
    { name: 'grafana', profile: 'grafana', grants: readAll },
    ...banks.map((bank) => describeBankUser(bank, schema)),
  ];
}

/**
 * Public views only, and each of them filtered. Not the tables below them, though filters hold there as well: whoever
 * may select from a table may also call `mergeTreeIndex`, which shows keys of all banks past the filter (measured).
 * The tables are filtered nevertheless, should somebody grant them one day.
 */
function describeBankUser(bank: string, schema: EngineSchema): User {
  const { generations, publicDatabase, bankTables, bankViews } = schema;
  const filter = (database: string, tables: readonly string[]) =>
    `<${database}>${tables.map((table) => `<${table}><filter>bank = '${bank}'</filter></${table}>`).join('')}</${database}>`;
  const filters = [
    filter(publicDatabase, bankViews),
    ...generations.map((database) => filter(database, [...bankTables, ...bankViews])),
  ];
  return {
    name: bankUser(bank),
    profile: 'bank',
    grants: [
      ...bankViews.map((view) => `SELECT ON ${publicDatabase}.${view}`),
      ...CATALOGUE,
      ...INFORMATION_SCHEMA,
    ],
    filters: `<databases>${filters.join('')}</databases>`,
  };
}

function renderUser(user: User, passwords: Readonly<Record<string, string>>): string {
  const boot = user === BOOT_USER;
  const grants = user.grants.map((grant) => `<query>GRANT ${grant}</query>`).join('\n    ');
  return `<${user.name}>${boot ? '<password></password>' : passwordElement(passwords[user.name], user.name)}
  <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
  <profile>${user.profile}</profile><quota>${boot ? 'boot' : 'default'}</quota>
  ${user.filters ?? ''}
  <grants>
    ${grants}
  </grants>
</${user.name}>`;
}

function passwordElement(password: string | undefined, user: string): string {
  if (password === undefined) throw new Error(`no password for ClickHouse user ${user}`);
  return `<password_sha256_hex>${createHash('sha256').update(password).digest('hex')}</password_sha256_hex>`;
}
