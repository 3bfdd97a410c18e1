import { Injectable } from '@nestjs/common';
import { EVERY_BANK, credentialOf, tokenSha256 } from '#domain/admin.js';
import type { Credential } from '#domain/admin.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { Problem, tryLater } from '../problem.js';

/** Who sends, and for which bank. */
export interface Sender {
  readonly bank: string;
  /** Device names of this bank are whole domain names. */
  readonly fqdn: boolean;
  /** IANA zone of its sources that write local time without an offset; null = none was configured. */
  readonly timeZone: string | null;
  /** Names of this bank's devices are kept for its own staff. */
  readonly nameMap: boolean;
  /** May say when its reports arrived (demo, replay, benchmarks). */
  readonly mayStampArrival: boolean;
}

/** An unknown token makes the log be asked anew, so that a token just made works; no oftener than this. */
const LOOK_AGAIN_MS = 1_000;

/** Bearer tokens → senders. The log of `patch.admin` decides; what it said is kept for a few seconds. */
@Injectable()
export class Credentials {
  private lookedAgainAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly admin: AdminReader) {}

  /**
   * The sender behind an `Authorization` header. A credential of the operator (`*`) must say for which bank it
   * speaks (`?bank=`); others may repeat their own.
   * @throws Problem 401 without a valid token; 403 without scope `collect` or `simulate`, or for another bank
   */
  async senderOf(authorization: string | undefined, wantedBank: string | undefined): Promise<Sender> {
    const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw unauthorised('no_token', 'a bearer token is needed: Authorization: Bearer rc_…', '');
    }
    const credential = await this.credentialOf(tokenSha256(token));
    if (!credential) {
      throw unauthorised(
        'invalid_token',
        'the token is not known, expired or revoked',
        ', error="invalid_token"',
      );
    }
    const mayStampArrival = credential.scopes.includes('simulate');
    if (!mayStampArrival && !credential.scopes.includes('collect')) {
      throw new Problem(403, 'missing_scope', 'the token has neither scope "collect" nor "simulate"');
    }
    const bank = bankOf(credential, wantedBank);
    const settings = (await this.admin.current()).banks.get(bank);
    if (!settings)
      throw new Problem(403, 'unknown_bank', `bank ${bank} was not added: rollcall bank add ${bank}`);
    const { fqdn, nameMap, timeZone } = settings;
    return { bank, fqdn, nameMap, timeZone, mayStampArrival };
  }

  private async credentialOf(sha256: string): Promise<Credential | null> {
    try {
      const nowMs = Date.now();
      const known = credentialOf(await this.admin.current(), sha256, nowMs);
      if (known || nowMs - this.lookedAgainAtMs < LOOK_AGAIN_MS) return known;
      this.lookedAgainAtMs = nowMs;
      return credentialOf(await this.admin.refresh(), sha256, nowMs);
    } catch (error) {
      throw tryLater(503, 'log_unavailable', `tokens cannot be checked for now: ${String(error)}`, 2);
    }
  }
}

function bankOf(credential: Credential, wantedBank: string | undefined): string {
  if (credential.bank !== EVERY_BANK) {
    if (wantedBank === undefined || wantedBank === credential.bank) return credential.bank;
    throw new Problem(403, 'foreign_bank', `the token speaks for ${credential.bank}, not ${wantedBank}`);
  }
  if (wantedBank !== undefined) return wantedBank;
  throw new Problem(
    403,
    'no_bank',
    "this token speaks for no single bank: add ?bank=…, or use a bank's own token",
  );
}

const unauthorised = (code: string, detail: string, parameters: string): Problem =>
  new Problem(401, code, detail, { 'www-authenticate': `Bearer realm="rollcall"${parameters}` });
