import { Injectable } from '@nestjs/common';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { StoredUpTo } from '#attempt-store/attempt-store.js';

/** Which filling answers, and up to which arrival time its numbers go. */
export type Position = Pick<StoredUpTo, 'generation' | 'asOf'>;

const MAX_AGE_MS = 1_000;

/**
 * The store's position, remembered for a second. It is read before the list it goes with, so `asOf` never promises
 * more than the list holds.
 */
@Injectable()
export class StorePosition {
  private readonly remembered = new Map<
    string | null,
    { readonly untilMs: number; readonly position: Promise<StoredUpTo> }
  >();

  constructor(private readonly store: AttemptStore) {}

  async of(bank: string | null): Promise<StoredUpTo> {
    const known = this.remembered.get(bank);
    if (known && known.untilMs > Date.now()) return known.position;
    const position = this.store.position(bank);
    this.remembered.set(bank, { untilMs: Date.now() + MAX_AGE_MS, position });
    position.catch(() => this.remembered.delete(bank));
    return position;
  }
}

/** A list with the position it was asked at. */
export async function atPosition<T extends object>(
  position: StorePosition,
  bank: string | null,
  ask: () => Promise<T>,
): Promise<T & Position> {
  const { generation, asOf } = await position.of(bank);
  return { ...(await ask()), generation, asOf };
}
