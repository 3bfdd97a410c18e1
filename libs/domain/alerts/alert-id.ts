import { createHash } from 'node:crypto';
import { base32 } from '../base32.js';

export interface AlertOrigin {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signatureId: string;
  /** Watch time of the look that opened it, ms. */
  readonly openedAtMs: number;
}

/** 16 base32 characters of SHA-256: two watchers that see the same thing at the same look give it the same id. */
export function alertIdOf(origin: AlertOrigin): string {
  const { bank, build, kb, signatureId, openedAtMs } = origin;
  const identity = JSON.stringify([bank, build, kb, signatureId, openedAtMs]);
  return base32(createHash('sha256').update(identity).digest(), 16);
}

/** Stays the same however often a delivery is tried, so the receiver can tell a repetition from news. */
export const deliveryIdOf = (alertId: string, eventNo: number, channel: string): string =>
  `${alertId}-${eventNo}-${channel}`;
