import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { bankUser, FIXED_USERS } from './engine-users.js';
import type { FixedUser } from './engine-users.js';

/** User → password; the fixed users are always in it. */
export type EnginePasswords = Readonly<Record<FixedUser, string> & Record<string, string>>;

const fileSchema = z.record(z.string(), z.string().min(1));

/**
 * Reads the passwords file (JSON: user → password) and makes what is missing, for the fixed users and the readers of
 * these banks. The file is 0600 and replaced as a whole.
 * @throws Error when the file is there and cannot be read as such; it is never overwritten then
 */
export function ensurePasswords(file: string, banks: readonly string[]): EnginePasswords {
  const known = existsSync(file) ? readPasswords(file) : {};
  const wanted = [...FIXED_USERS, ...banks.map(bankUser)];
  const missing = wanted.filter((user) => known[user] === undefined);
  const all = {
    ...known,
    ...Object.fromEntries(missing.map((user) => [user, randomBytes(24).toString('base64url')])),
  };
  if (missing.length > 0) {
    writeFileSync(`${file}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return all as EnginePasswords;
}

function readPasswords(file: string): Record<string, string> {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Error(
      `the file of ClickHouse passwords ${file} cannot be read; restore it, or remove it to have new ones made`,
      {
        cause: error,
      },
    );
  }
}
