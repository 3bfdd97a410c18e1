import { ForbiddenException, NotFoundException, UnauthorizedException } from '@nestjs/common';
import { EVERY_BANK, credentialOf, tokenSha256 } from '#domain/admin.js';
import type { Credential, Scope } from '#domain/admin.js';
import type { Handler } from '#domain/alerts/handle-alerts.js';
import type { AdminReader } from '#event-log/admin-reader.js';

export interface Reader {
  /** The bank whose rows the request asks for; null = every bank. */
  readonly bank: string | null;
  /** The credential is for every bank, whichever is asked for. */
  readonly everyBank: boolean;
}

/**
 * The reader behind an `Authorization` header, narrowed to `wantedBank` when one is asked for.
 * @throws UnauthorizedException without a valid token; ForbiddenException without scope `read` or for another bank;
 * NotFoundException for a bank that was never added
 */
export async function readerOf(
  admin: AdminReader,
  authorization: string | undefined,
  wantedBank: string | undefined,
): Promise<Reader> {
  const credential = await credentialWith(admin, authorization, 'read');
  if (credential.bank === EVERY_BANK) {
    if (wantedBank !== undefined) await assertKnownBank(admin, wantedBank);
    return { bank: wantedBank ?? null, everyBank: true };
  }
  if (wantedBank !== undefined && wantedBank !== credential.bank) {
    throw new ForbiddenException(`the token reads ${credential.bank}, not ${wantedBank}`);
  }
  return { bank: credential.bank, everyBank: false };
}

/**
 * Who may act: a credential with scope `admin`, on its own bank or, for the operator's, on every bank.
 * @throws UnauthorizedException without a valid token; ForbiddenException without the scope
 */
export async function actorOf(admin: AdminReader, authorization: string | undefined): Promise<Handler> {
  const { tokenId, bank } = await credentialWith(admin, authorization, 'admin');
  return { tokenId, bank: bank === EVERY_BANK ? null : bank };
}

async function credentialWith(
  admin: AdminReader,
  authorization: string | undefined,
  scope: Scope,
): Promise<Credential> {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined)
    throw new UnauthorizedException('a bearer token is needed: Authorization: Bearer rc_…');
  const sha256 = tokenSha256(token);
  // A token made a moment ago may not be in the cached state yet: look again before refusing.
  const credential =
    credentialOf(await admin.current(), sha256, Date.now()) ??
    credentialOf(await admin.refresh(), sha256, Date.now());
  if (!credential) throw new UnauthorizedException('the token is not known, expired or revoked');
  if (!credential.scopes.includes(scope)) throw new ForbiddenException(`the token has no scope "${scope}"`);
  return credential;
}

/** A bank added a moment ago may not be in the cached state yet. @throws NotFoundException */
export async function assertKnownBank(admin: AdminReader, bank: string): Promise<void> {
  if ((await admin.current()).banks.has(bank) || (await admin.refresh()).banks.has(bank)) return;
  throw new NotFoundException(`bank ${bank} is not known`);
}
