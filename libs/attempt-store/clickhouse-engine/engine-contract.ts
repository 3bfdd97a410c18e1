import { request } from 'node:http';
import type { EnginePasswords } from './engine-passwords.js';
import { EngineStartError } from './engine-words.js';

/**
 * What Rollcall needs of the engine, asked at every start. Nothing promises that chdb keeps its entry point, settings
 * or formats: after an update of the packages this says which of them broke, before any data is touched.
 */
interface Clause {
  readonly what: string;
  readonly user: string;
  readonly sql: string;
  /** The exact answer, or the ClickHouse code of the refusal. */
  readonly expected: string | { readonly code: number };
}

const ACCESS_DENIED = { code: 497 };
const QUOTA_EXCEEDED = { code: 201 };

const setting = (user: string, name: string, value: string): Clause => ({
  what: `setting ${name} is ${value} for ${user}`,
  user,
  sql: `SELECT toString(getSetting('${name}'))`,
  expected: value,
});

const refused = (
  what: string,
  user: string,
  sql: string,
  expected: Clause['expected'] = ACCESS_DENIED,
): Clause => ({
  what,
  user,
  sql,
  expected,
});

const CLAUSES: readonly Clause[] = [
  {
    what: 'the version is 26.7',
    user: 'reader',
    sql: 'SELECT substring(version(), 1, 5)',
    expected: '26.7.',
  },
  {
    what: 'format JSONCompactEachRow is written',
    user: 'reader',
    sql: "SELECT 1, 'a', [2, 3] FORMAT JSONCompactEachRow",
    expected: '[1, "a", [2,3]]',
  },
  {
    what: 'format JSONCompactEachRow is read',
    user: 'writer',
    sql: `SELECT a, b FROM format('JSONCompactEachRow', 'a UInt8, b Array(String)', '[7, ["x"]]') FORMAT JSONCompactEachRow`,
    expected: '[7, ["x"]]',
  },
  {
    what: 'format RowBinary is written',
    user: 'reader',
    sql: "SELECT toUInt8(82), 'BC' FORMAT RowBinary",
    expected: 'R\u0002BC',
  },
  {
    what: 'format Native is read',
    user: 'writer',
    sql: `SELECT a, b FROM format('Native', 'a UInt8, b String', '\\x02\\x01\\x01a\\x05UInt8R\\x01b\\x06String\\x02BC') FORMAT JSONCompactEachRow`,
    expected: '[82, "BC"]',
  },
  setting('writer', 'async_insert', 'false'),
  setting('writer', 'insert_deduplicate', 'false'),
  setting('reader', 'readonly', '2'),
  setting('reader', 'cancel_http_readonly_queries_on_client_close', 'true'),
  setting('grafana', 'max_execution_time', '30'),
  {
    what: 'inserts and merges are synced to the disk',
    user: 'writer',
    sql: "SELECT countIf(value = '1') FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory', 'min_rows_to_fsync_after_merge', 'min_compressed_bytes_to_fsync_after_merge')",
    expected: '4',
  },
  {
    what: 'the memory of the engine is bounded',
    user: 'writer',
    sql: "SELECT toUInt64(value) > 0 FROM system.server_settings WHERE name = 'max_server_memory_usage'",
    expected: '1',
  },
  { what: 'row filters hold', user: 'probe', sql: 'SELECT count() FROM system.one', expected: '0' },
  refused('readers cannot make tables', 'reader', 'CREATE TABLE rollcall.contract (a UInt8) ENGINE = Memory'),
  refused('readers cannot read files', 'reader', "SELECT * FROM file('/etc/hostname', 'LineAsString')"),
  refused(
    'readers cannot call addresses',
    'reader',
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
  ),
  refused('the writer cannot read files', 'writer', "SELECT * FROM file('/etc/hostname', 'LineAsString')"),
  refused('a wrong password is refused', 'nobody', 'SELECT 1', { code: 516 }),
  // The boot session used its quota up; without this anybody could stop the listener.
  refused('the user without a password is closed', 'default', 'SYSTEM STOP LISTEN HTTP', QUOTA_EXCEEDED),
];

/**
 * Checks every clause in about 0.1 s.
 * @param url the engine's own listener, without the proxy
 * @throws EngineStartError naming each broken clause with what was expected and what came
 */
export async function checkEngineContract(url: string, passwords: Readonly<EnginePasswords>): Promise<void> {
  const broken: string[] = [];
  for (const clause of CLAUSES) {
    const answer = await ask(url, clause, passwords[clause.user] ?? '');
    const { expected } = clause;
    const kept =
      typeof expected === 'string'
        ? answer.code === 0 && answer.text === expected
        : answer.code === expected.code;
    if (!kept)
      broken.push(`  ${clause.what}: expected ${describeExpected(expected)}, got ${describeAnswer(answer)}`);
  }
  if (broken.length === 0) return;
  throw new EngineStartError(
    `this ClickHouse does not do what Rollcall needs (chdb 3.4.0 and ffi-rs 1.3.7 were tested):\n${broken.join('\n')}`,
  );
}

interface Answer {
  /** ClickHouse's error code, 0 = none. */
  readonly code: number;
  readonly text: string;
}

const describeExpected = (expected: Clause['expected']): string =>
  typeof expected === 'string' ? JSON.stringify(expected) : `refusal with code ${expected.code}`;

const describeAnswer = ({ code, text }: Answer): string =>
  code === 0 ? JSON.stringify(text) : `code ${code}: ${text.slice(0, 200)}`;

function ask(url: string, clause: Clause, password: string): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { 'X-ClickHouse-User': clause.user, 'X-ClickHouse-Key': password };
    const call = request(url, { method: 'POST', agent: false, timeout: 10_000, headers }, (response) => {
      let text = '';
      response.setEncoding('latin1').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve({
          code: Number(response.headers['x-clickhouse-exception-code'] ?? 0),
          text: text.replace(/\n$/, ''),
        });
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', (error) => {
      resolve({ code: -1, text: error.message });
    });
    call.end(clause.sql);
  });
}
