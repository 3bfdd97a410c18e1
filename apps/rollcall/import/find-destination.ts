import { existsSync } from 'node:fs';
import { AdminReader } from '#event-log/admin-reader.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { createToken } from '../token/create-token.js';
import { readRunning } from '../up/running-file.js';
import type { Destination } from './batch-sender.js';

export interface DestinationWish {
  readonly data: string;
  readonly url?: string;
  readonly token?: string;
  readonly bank?: string;
  /** The command has --dry-run. */
  readonly canOnlyLook?: true;
}

const IMPORT_TOKEN_MS = 3_600_000;

/**
 * Where reports go: `--url` with `--token`, else the collector that runs on `--data`, for whose bank a token of one hour
 * is made. @throws CommandFailure when nothing runs there (1), the bank is unknown (3) or not said though there are several (64)
 */
export async function findDestination(wish: DestinationWish): Promise<Destination> {
  const token = wish.token ?? process.env['ROLLCALL_TOKEN'];
  if (wish.url !== undefined) {
    if (!token) throw new CommandFailure(EXIT.usage, '--url needs --token (or ROLLCALL_TOKEN)');
    return { url: wish.url, token, tokenMadeAtMs: null };
  }
  const running = existsSync(wish.data) ? readRunning(openDataDirectory(wish.data).running) : null;
  if (!running) {
    throw new CommandFailure(
      EXIT.failed,
      `Rollcall does not run on ${wish.data}: start it with "rollcall up --data ${wish.data}", or name a collector with --url${wish.canOnlyLook ? ' (--dry-run only looks)' : ''}`,
    );
  }
  const url = `http://127.0.0.1:${running.ports.collector}`;
  if (token) return { url, token, tokenMadeAtMs: null };
  const made = await withInstallation(wish.data, async ({ log }) => {
    const { banks } = await new AdminReader(log, 0).refresh();
    const [only, ...others] = [...banks.keys()];
    const bank = wish.bank ?? (others.length === 0 ? only : undefined);
    if (bank === undefined) {
      const known = [...banks.keys()].join(', ') || 'none yet; add one with "rollcall bank add"';
      throw new CommandFailure(EXIT.usage, `say whose reports these are: --bank (known: ${known})`);
    }
    return createToken(log, { bank, scopes: ['collect'], lifetimeMs: IMPORT_TOKEN_MS });
  });
  return { url, token: made.token, tokenMadeAtMs: Date.now() };
}
