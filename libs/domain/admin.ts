import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bankSchema } from './attempt-event.js';
import { GENERATIONS } from './generation.js';
import type { Generation } from './generation.js';
import { withAliases } from './signature/signature-aliases.js';
import type { SignatureAliases } from './signature/signature-aliases.js';

export const SCOPES = ['collect', 'simulate', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A credential of the installation's own operator speaks for every bank; banks' credentials name exactly one. */
export const EVERY_BANK = '*';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.iso.datetime();

/** Events of topic `patch.admin`. Tokens are kept as SHA-256 only; banks' keys never enter the log. */
export const adminEventSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('BankAdded'),
    at: instant,
    bank: bankSchema,
    /** IANA zone used for sources that write local time without a zone; null = none is assumed. */
    timeZone: z.string().nullable(),
    /** Device names are whole domain names instead of first labels. Fixed when the bank is added. */
    fqdn: z.boolean(),
    /** The collector keeps a name map for the bank's own staff. Absent = as it was; at first off. May be changed. */
    nameMap: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal('TokenCreated'),
    at: instant,
    tokenId: z.string(),
    sha256,
    bank: z.union([bankSchema, z.literal(EVERY_BANK)]),
    scopes: z.array(z.enum(SCOPES)).min(1),
    expiresAt: instant.nullable(),
  }),
  z.strictObject({ type: z.literal('TokenRevoked'), at: instant, tokenId: z.string() }),
  z.strictObject({
    type: z.literal('ProjectionSwapped'),
    at: instant,
    generation: z.enum(GENERATIONS),
    /** Hash of rules, catalogue and configuration the generation was filled with. */
    rulesHash: z.string(),
  }),
  z.strictObject({
    type: z.literal('SignaturesRenamed'),
    at: instant,
    /** Of the rules that gave the new ids. */
    rulesHash: z.string(),
    renamed: z.array(z.tuple([z.string(), z.string()])).readonly(),
  }),
]);
export type AdminEvent = z.infer<typeof adminEventSchema>;

export interface Bank {
  readonly bank: string;
  readonly timeZone: string | null;
  readonly fqdn: boolean;
  /** deviceKey → name is kept in a file of the bank's own. */
  readonly nameMap: boolean;
}

export interface Credential {
  readonly tokenId: string;
  readonly bank: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
}

export interface AdminState {
  readonly banks: ReadonlyMap<string, Bank>;
  /** By SHA-256 of the token. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Which of the two fillings of the store answers questions. */
  readonly generation: Generation;
  /** When it took over from the other; null when it is the first. */
  readonly swappedAt: string | null;
  /** What signature ids of earlier rules became. */
  readonly signatureAliases: SignatureAliases;
}

export const initialAdminState: AdminState = {
  banks: new Map(),
  credentials: new Map(),
  generation: 'blue',
  swappedAt: null,
  signatureAliases: new Map(),
};

/** Folds one event of `patch.admin`; a bank added twice keeps its first settings, but for the name map. */
export function evolveAdmin(state: AdminState, event: AdminEvent): AdminState {
  switch (event.type) {
    case 'BankAdded': {
      const { bank, timeZone, fqdn } = event;
      const known = state.banks.get(bank);
      const nameMap = event.nameMap ?? known?.nameMap ?? false;
      return {
        ...state,
        banks: new Map(state.banks).set(bank, { ...(known ?? { bank, timeZone, fqdn }), nameMap }),
      };
    }
    case 'TokenCreated': {
      const { tokenId, bank, scopes, at: createdAt, expiresAt } = event;
      const credential = { tokenId, bank, scopes, createdAt, expiresAt };
      return { ...state, credentials: new Map(state.credentials).set(event.sha256, credential) };
    }
    case 'TokenRevoked': {
      const left = [...state.credentials].filter(([, credential]) => credential.tokenId !== event.tokenId);
      return { ...state, credentials: new Map(left) };
    }
    case 'ProjectionSwapped':
      return { ...state, generation: event.generation, swappedAt: event.at };
    case 'SignaturesRenamed':
      return { ...state, signatureAliases: withAliases(state.signatureAliases, event.renamed) };
  }
}

/** What is kept of a token (`rc_…`): hex. The token itself is shown once and stored nowhere. */
export const tokenSha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

/** The credential behind a `tokenSha256`, or null when unknown, revoked or expired at `nowMs`. */
export function credentialOf(state: AdminState, sha256OfToken: string, nowMs: number): Credential | null {
  const credential = state.credentials.get(sha256OfToken);
  if (!credential) return null;
  const expired = credential.expiresAt !== null && Date.parse(credential.expiresAt) <= nowMs;
  return expired ? null : credential;
}
