import type { AttemptStoreWriter, FactBatch, HistoryKey } from '#attempt-store/attempt-store.js';
import type { Report } from '#domain/report.js';
import type { LinkBook, LinkChanges } from './link-book.js';

/** A key to tell anew, and what the batch itself reports of it. */
export interface TouchedKey extends HistoryKey {
  readonly inBatch: Report[];
}

/** Keys to tell anew, by their text form. Keys that no longer hold anything are told too: they become empty. */
export type TouchedKeys = ReadonlyMap<string, TouchedKey>;

/** The text form of the key that a report belongs to, as the links stand now. */
export const keyIdOf = (book: LinkBook, { bank, deviceKey, kbKey }: Report): string =>
  idOf(bank, book.canonicalOf(bank, deviceKey), book.resolvedKb(bank, kbKey));

const idOf = (bank: string, deviceKey: string, kb: string): string => `${bank}/${deviceKey}/${kb}`;

/**
 * Every (bank, canonical device, resolved KB) whose conclusions may change with a batch: those of its reports; those
 * that its links join or part (under the old key and the new); those whose build an inventory may tell.
 */
export async function touchedKeys(
  store: AttemptStoreWriter,
  book: LinkBook,
  facts: FactBatch,
  changes: readonly LinkChanges[],
): Promise<TouchedKeys> {
  const keys = new Map<string, TouchedKey>();
  const touch = (bank: string, deviceKey: string, kb: string): TouchedKey => {
    const id = idOf(bank, deviceKey, kb);
    const known = keys.get(id);
    if (known) return known;
    const key = { bank, deviceKey, kb, inBatch: [] };
    keys.set(id, key);
    return key;
  };
  const touchResolved = (bank: string, deviceKey: string, kbKey: string): TouchedKey =>
    touch(bank, book.canonicalOf(bank, deviceKey), book.resolvedKb(bank, kbKey));
  for (const { report } of facts.reports)
    touchResolved(report.bank, report.deviceKey, report.kbKey).inBatch.push(report);

  for (const { bank, devices, updateKeys } of changes) {
    for (const { deviceKey, kbKey } of await store.readKbKeys(bank, [...devices])) {
      touchResolved(bank, deviceKey, kbKey);
      // The component may have been told under any member's key before.
      for (const device of devices) touch(bank, device, book.resolvedKb(bank, kbKey));
    }
    for (const { deviceKey, kbKey } of await store.readDevicesOf(bank, [...updateKeys])) {
      touchResolved(bank, deviceKey, kbKey);
      touch(bank, book.canonicalOf(bank, deviceKey), kbKey);
    }
  }

  for (const [bank, devices] of devicesByBank(facts)) {
    for (const { deviceKey, kbKey } of await store.readKbKeys(bank, devices, { withoutBuild: true })) {
      touchResolved(bank, deviceKey, kbKey);
    }
  }
  return keys;
}

function devicesByBank(facts: FactBatch): Map<string, string[]> {
  const devices = new Map<string, Set<string>>();
  for (const { bank, deviceKey } of facts.inventories) {
    devices.set(bank, (devices.get(bank) ?? new Set()).add(deviceKey));
  }
  return new Map([...devices].map(([bank, keys]) => [bank, [...keys]]));
}
