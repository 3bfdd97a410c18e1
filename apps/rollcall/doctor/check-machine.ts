import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { DataDirectory } from '#runtime/data-directory.js';
import { readBankKeys } from '#runtime/bank-keys.js';
import { isPortFree } from '#runtime/free-port.js';
import { ok, warning, wrong } from './finding.js';
import type { Finding } from './finding.js';

const OLDEST_NODE = [20, 19] as const;
const GIB = 1_073_741_824;
/** The log refuses appends below 256 MiB; a warning comes well before. */
const FREE_WRONG_BYTES = GIB / 4;
const FREE_WARNING_BYTES = 4 * GIB;

export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return enough
    ? ok('node', `Node.js ${version}`)
    : wrong('node', `Node.js ${version}`, `install Node.js ${OLDEST_NODE.join('.')} or newer`);
}

export async function checkDisk(data: DataDirectory): Promise<Finding> {
  const { bavail, bsize } = await statfs(data.root);
  const freeBytes = bavail * bsize;
  const detail = `${(freeBytes / GIB).toFixed(1)} GiB free at ${data.root}`;
  if (freeBytes < FREE_WRONG_BYTES) {
    return wrong('disk', detail, 'free space or move the data directory: the collector refuses reports now');
  }
  if (freeBytes < FREE_WARNING_BYTES) return warning('disk', detail, 'free space soon');
  return ok('disk', detail);
}

/** Only the owner may look into the directory and the files with secrets, and we must be able to write. */
export function checkRights(data: DataDirectory): Finding[] {
  const findings = [checkMode('data directory', data.root, 0o077, `chmod 700 ${data.root}`)];
  try {
    accessSync(data.root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const todo = `run rollcall as the owner of ${data.root}, or give it back: chown -R`;
    findings.push(wrong('data directory', `${data.root} cannot be read and written`, todo));
  }
  const secrets = [
    ['key file', data.keys],
    ['operator token', data.operatorToken],
    ['ClickHouse passwords', data.clickhousePasswords],
  ] as const;
  for (const [name, path] of secrets) {
    if (existsSync(path)) findings.push(checkMode(name, path, 0o077, `chmod 600 ${path}`));
  }
  return findings;
}

function checkMode(name: string, path: string, forbidden: number, todo: string): Finding {
  const mode = statSync(path).mode & 0o777;
  const detail = `${path} has mode ${mode.toString(8)}`;
  return (mode & forbidden) === 0 ? ok(name, detail) : wrong(name, `${detail}: others can get in`, todo);
}

/** Every bank needs its key: without it the collector cannot make pseudonyms. */
export function checkKeys(data: DataDirectory, banks: readonly string[]): Finding {
  try {
    const keys = readBankKeys(data.keys);
    const missing = banks.filter((bank) => !keys.has(bank));
    if (missing.length === 0) return ok('bank keys', `banks: ${banks.length}, keys: ${keys.size}`);
    const todo = 'restore the key file from a backup; a new key would give every device a new name';
    return wrong('bank keys', `no key for ${missing.join(', ')} in ${data.keys}`, todo);
  } catch (error) {
    return wrong(
      'bank keys',
      error instanceof Error ? error.message : String(error),
      'restore it from a backup',
    );
  }
}

/** For an installation that does not run: could it start on its usual ports? */
export async function checkUsualPorts(): Promise<Finding[]> {
  const usual = [
    ['--console-port', 8800],
    ['--collector-port', 8801],
    ['--clickhouse-port', 8123],
  ] as const;
  return Promise.all(
    usual.map(async ([flag, port]) =>
      !(await isPortFree(port))
        ? warning(
            'port',
            `${port} is in use by another program`,
            `start with another one: rollcall up ${flag} PORT`,
          )
        : ok('port', `${port} is free`),
    ),
  );
}
