import sql from 'mssql';
import { SUSDB_QUERIES } from '#sources/wsus/susdb-queries.js';
import type { SusdbExtent } from '#sources/wsus/susdb-cursor.js';
import { SusdbProblem } from './susdb.js';
import type { Susdb } from './susdb.js';
import type { SusdbConfig } from './susdb-config.js';

const CONNECT_MS = 15_000;
const REQUEST_MS = 120_000;

/** Connects to SQL Server. @throws SusdbProblem with what is wrong and what to do */
export async function connectSusdb(config: SusdbConfig): Promise<Susdb> {
  const pool = new sql.ConnectionPool({
    server: config.server,
    ...(config.port !== undefined && { port: config.port }),
    database: config.database,
    user: config.user,
    password: config.password,
    ...(config.domain !== undefined && { domain: config.domain }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    // One connection: what is set for it holds for every question.
    pool: { min: 1, max: 1 },
    options: {
      appName: 'rollcall',
      encrypt: true,
      trustServerCertificate: config.trustsCertificate,
      readOnlyIntent: true,
      useUTC: true,
      ...(config.instance !== undefined && { instanceName: config.instance }),
    },
  });
  const ask = async (question: string, request = pool.request()): Promise<readonly unknown[]> => {
    try {
      return (await request.query<Record<string, unknown>>(question)).recordset;
    } catch (error) {
      throw susdbProblem(error, config);
    }
  };
  try {
    await pool.connect();
    await pool.request().batch(SUSDB_QUERIES.manners);
  } catch (error) {
    await pool.close().catch(() => undefined);
    throw susdbProblem(error, config);
  }
  return {
    extent: async (): Promise<SusdbExtent> => {
      const [row] = (await ask(SUSDB_QUERIES.extent)) as readonly Partial<SusdbExtent>[];
      return { oldest: row?.oldest ?? null, newest: row?.newest ?? null };
    },
    events: (after, limit) => {
      const request = pool.request().input('after', sql.DateTime, after).input('limit', sql.Int, limit);
      return ask(SUSDB_QUERIES.events, request);
    },
    close: () => pool.close(),
  };
}

/** Numbers of SQL Server's messages that say which right or which object is missing. */
const NO_RIGHT = new Set([229, 230, 262, 297, 300, 916]);
const NO_OBJECT = new Set([207, 208]);
const LOGIN_FAILED = new Set([18452, 18456, 18470, 18486, 18487, 18488]);
const NO_DATABASE = 4060;

interface DriverError {
  readonly code?: string;
  readonly number?: number;
  readonly originalError?: unknown;
}

/** The driver's error in words of an administrator. */
export function susdbProblem(error: unknown, config: SusdbConfig): SusdbProblem {
  const text = error instanceof Error ? error.message : String(error);
  const { server, port, instance, database, user } = config;
  const at = `${server}${instance === undefined ? `:${port ?? 1433}` : `\\${instance}`}`;
  const problem = (what: string, todo: string, passes: boolean) =>
    new SusdbProblem(`${what} (${text})\n  → ${todo}`, passes, { cause: error });
  const { code = '', number = 0, originalError } = error as DriverError;
  const numbers = new Set([number, (originalError as DriverError | undefined)?.number ?? 0]);
  const has = (known: ReadonlySet<number>) => [...numbers].some((one) => known.has(one));
  if (numbers.has(NO_DATABASE) || (code === 'ELOGIN' && /cannot open database/i.test(text)))
    return problem(
      `login ${user} may not open database ${database} on ${at}`,
      `make it a user of ${database}: CREATE USER … FOR LOGIN …; or name the database with --database`,
      false,
    );
  if (code === 'ELOGIN' || has(LOGIN_FAILED))
    return problem(
      `${at} refused the login ${user}`,
      'check user and ROLLCALL_WSUS_PASSWORD; a Windows account needs ROLLCALL_WSUS_DOMAIN; SQL logins need mixed authentication on the server. It is not tried again: that could lock the account',
      false,
    );
  if (has(NO_RIGHT))
    return problem(
      `login ${user} may not read what the poller needs in ${database}`,
      'GRANT SELECT ON SCHEMA::PUBLIC_VIEWS and on dbo.tbEventInstance to it; nothing else is needed',
      false,
    );
  if (has(NO_OBJECT))
    return problem(
      `${database} on ${at} is no WSUS database of a version that is known here`,
      'name the database with --database (SUSDB by default); views and columns are those of WSUS 3.0 SP2 and later',
      false,
    );
  if (/self.signed|unable to verify|certificate|altnames/i.test(text))
    return problem(
      `the certificate of ${at} is not trusted`,
      'let an authority sign it (NODE_EXTRA_CA_CERTS names your own), or set ROLLCALL_WSUS_TRUST_CERTIFICATE=true and know that nobody checks who answers',
      false,
    );
  if (code === 'EINSTLOOKUP')
    return problem(
      `instance ${at} was not found`,
      'SQL Server Browser (UDP 1434) must answer; or give the instance’s port with --port',
      true,
    );
  if (['ESOCKET', 'ETIMEOUT', 'ECONNCLOSED', 'ENOTOPEN', 'ECONNREFUSED', 'ENOTFOUND'].includes(code))
    return problem(
      `${at} cannot be reached or does not answer`,
      'check name, port and firewall, and that SQL Server listens on TCP: a Windows Internal Database does not',
      true,
    );
  return problem(`${database} on ${at} could not be read`, 'see the message of SQL Server', true);
}
