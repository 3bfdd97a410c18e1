import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { renderConfigXml } from './engine-config.js';
import type { EngineCluster } from './engine-config.js';
import type { EnginePasswords } from './engine-passwords.js';
import { ROLLCALL_SCHEMA } from './engine-schema.js';
import { renderUsersXml } from './engine-users.js';
import type { EngineSchema } from './engine-users.js';

export interface EngineFilesOptions {
  /** Folder of the engine's configuration and tables; made (0700) when missing. */
  readonly directory: string;
  /** Default: Rollcall's own tables and views. */
  readonly schema?: EngineSchema;
  /** Default 1.2 GB: the whole product stays under 2 GiB. */
  readonly serverMemoryBytes?: number;
  /** This engine is one shard of a cluster on this machine. */
  readonly cluster?: EngineCluster;
}

const DEFAULT_MEMORY_BYTES = 1_200_000_000;
const BANK = /^[a-z0-9-]{1,32}$/;

/** Banks' names become XML elements and SQL texts: nothing but what contract.md allows may pass. */
export function assertBank(bank: string): void {
  if (!BANK.test(bank))
    throw new Error(`not a bank's name: ${JSON.stringify(bank)} (a-z, 0-9 and -, at most 32)`);
}

/** Writes config.xml and users.xml (0600) as the engine is to find them at its next start. */
export function writeEngineFiles(
  options: EngineFilesOptions,
  passwords: EnginePasswords,
  banks: readonly string[],
): { readonly configFile: string; readonly dataFolder: string } {
  const { schema = ROLLCALL_SCHEMA, serverMemoryBytes = DEFAULT_MEMORY_BYTES } = options;
  const directory = resolve(options.directory);
  const dataFolder = join(directory, 'data');
  const configFile = join(directory, 'config.xml');
  const usersFile = join(directory, 'users.xml');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const { cluster } = options;
  const config = renderConfigXml({
    usersFile,
    serverMemoryBytes,
    cluster,
    clusterPassword: passwords.writer,
  });
  replaceFile(configFile, config);
  replaceFile(usersFile, renderUsersXml({ passwords, banks, schema, serverMemoryBytes }));
  return { configFile, dataFolder };
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
