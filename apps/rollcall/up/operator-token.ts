import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EVERY_BANK } from '#domain/admin.js';
import { AdminReader } from '#event-log/admin-reader.js';
import type { Installation } from '../installation.module.js';
import { createToken } from '../token/create-token.js';

/** The installation's own credential: reads every bank, 0600 in the data directory. Made at the first start. */
export async function ensureOperatorToken({ data, log }: Installation): Promise<void> {
  if (existsSync(data.operatorToken)) {
    const sha256 = createHash('sha256').update(readFileSync(data.operatorToken, 'utf8').trim()).digest('hex');
    const { credentials } = await new AdminReader(log, 0).refresh();
    if (credentials.has(sha256)) return;
  }
  const { token } = await createToken(log, { bank: EVERY_BANK, scopes: ['read', 'admin'], lifetimeMs: null });
  writeFileSync(data.operatorToken, `${token}\n`, { mode: 0o600 });
}
