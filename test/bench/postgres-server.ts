import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitMs } from './bench-run.js';

const run = promisify(execFile);
const PROGRAMS = '/usr/lib/postgresql/15/bin';
/** PostgreSQL refuses to run as root; these users are there on Debian. */
const UNPRIVILEGED = ['postgres', 'nobody'];

/**
 * Durable as ours is (fsync, synchronous commit); otherwise set up for writing on a machine of this size, which is
 * more than the package's defaults give it.
 */
const SETTINGS = {
  listen_addresses: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  shared_buffers: '512MB',
  max_wal_size: '8GB',
  checkpoint_timeout: '15min',
  work_mem: '32MB',
  temp_buffers: '64MB',
  jit: 'off',
} as const;

/** A PostgreSQL 15 of its own in a temporary directory, reached through a socket there. */
export interface PostgresServer {
  readonly pid: number;
  /** Holds the socket; also where `COPY` may read files from. */
  readonly directory: string;
  readonly stop: () => Promise<void>;
}

/** Why it cannot run here; null when it can. */
export function postgresMissing(): string | null {
  if (!existsSync(join(PROGRAMS, 'initdb'))) {
    return `${PROGRAMS}/initdb is not there: install the Debian package postgresql-15`;
  }
  if (process.getuid?.() === 0 && !unprivilegedUser()) {
    return `PostgreSQL does not run as root, and there is no user ${UNPRIVILEGED.join(' or ')}`;
  }
  return null;
}

export async function startPostgres(): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-bench-pg-'));
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'data'), { mode: 0o700 });
  if (owner) for (const path of [directory, join(directory, 'data')]) chownSync(path, owner.uid, owner.gid);
  const command = (program: string, ...args: readonly string[]): [string, string[]] => {
    const path = join(PROGRAMS, program);
    if (!owner) return [path, [...args]];
    return [
      'setpriv',
      [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--', path, ...args],
    ];
  };
  const data = join(directory, 'data');
  await run(
    ...command('initdb', '-D', data, '-U', 'bench', '--auth=trust', '--encoding=UTF8', '--locale=C'),
    {
      cwd: directory,
    },
  );
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(...command('postgres', '-D', data, '-k', directory, ...settings), {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
  while (!said.includes('ready to accept connections')) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${said}`);
    await waitMs(50);
  }
  return {
    pid: server.pid ?? 0,
    directory,
    stop: async () => {
      const exited = once(server, 'exit');
      server.kill('SIGINT'); // Fast shutdown: no client is waited for.
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function unprivilegedUser(): { uid: number; gid: number } | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of UNPRIVILEGED) {
    const found = lines.find(([user]) => user === name);
    if (found) return { uid: Number(found[2]), gid: Number(found[3]) };
  }
  return undefined;
}
