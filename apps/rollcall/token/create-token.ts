import { randomBytes } from 'node:crypto';
import { EVERY_BANK, tokenSha256 } from '#domain/admin.js';
import type { Scope } from '#domain/admin.js';
import { AdminReader, appendAdminEvent } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';
import { CommandFailure, EXIT } from '../exit-codes.js';

/** A new credential. `token` is shown once; only its SHA-256 is kept. `expiresAt` ISO UTC, null = never. */
export interface CreatedToken {
  readonly token: string;
  readonly id: string;
  readonly expiresAt: string | null;
}

export interface TokenWish {
  /** A bank that was added, or `*` for the installation's own operator. */
  readonly bank: string;
  readonly scopes: readonly Scope[];
  readonly lifetimeMs: number | null;
}

/** Makes a token (`rc_` + 256 random bits) and appends its event. @throws CommandFailure for an unknown bank (3) */
export async function createToken(log: EventLog, wish: TokenWish): Promise<CreatedToken> {
  const { banks } = await new AdminReader(log, 0).refresh();
  if (wish.bank !== EVERY_BANK && !banks.has(wish.bank)) {
    const known = [...banks.keys()].join(', ') || 'none yet';
    throw new CommandFailure(
      EXIT.notKnown,
      `bank ${wish.bank} is not known (known: ${known}); add it with "rollcall bank add ${wish.bank}"`,
    );
  }
  const token = `rc_${randomBytes(32).toString('base64url')}`;
  const id = `t-${randomBytes(8).toString('hex')}`;
  const now = Date.now();
  const expiresAt = wish.lifetimeMs === null ? null : new Date(now + wish.lifetimeMs).toISOString();
  await appendAdminEvent(log, {
    type: 'TokenCreated',
    at: new Date(now).toISOString(),
    tokenId: id,
    sha256: tokenSha256(token),
    bank: wish.bank,
    scopes: [...new Set(wish.scopes)],
    expiresAt,
  });
  return { token, id, expiresAt };
}
