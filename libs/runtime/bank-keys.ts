import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** The key file: one JSON object, bank → 32 random bytes in base64url. It never leaves the installation. */
const bankKeysSchema = z.record(z.string(), z.string().regex(/^[A-Za-z0-9_-]{43}$/));

/**
 * The banks' HMAC keys behind device pseudonyms, by bank; empty when there is no file yet.
 * @throws Error naming the file when it is there but cannot be understood: a guessed key would rename every device
 */
export function readBankKeys(path: string): ReadonlyMap<string, Buffer> {
  if (!existsSync(path)) return new Map();
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path} is not JSON; restore it from a backup`, { cause: error });
  }
  const keys = bankKeysSchema.safeParse(content);
  if (!keys.success) {
    throw new Error(`${path} does not map banks to base64url keys of 32 bytes; restore it from a backup`);
  }
  return new Map(Object.entries(keys.data).map(([bank, key]) => [bank, Buffer.from(key, 'base64url')]));
}

/** Gives `bank` a key unless it has one; the file is replaced at once and only its owner may read it. */
export function addBankKey(path: string, bank: string): void {
  const keys = new Map(readBankKeys(path));
  if (keys.has(bank)) return;
  keys.set(bank, randomBytes(32));
  const content = Object.fromEntries([...keys].map(([name, key]) => [name, key.toString('base64url')]));
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}
