import type { AttemptStoreWriter, FactBatch, HistoryKey, LinkEntry } from '#attempt-store/attempt-store.js';
import type { Report } from '#domain/report.js';
import type { LinkBook, LinkChanges } from './link-book.js';

/** A key to tell anew, and what the batch itself reports of it. */
export interface TouchedKey extends HistoryKey {
  readonly inBatch: Report[];
}

/** Keys to tell anew, by their text form. Keys that no longer hold anything are told too: they become empty. */
export type TouchedKeys = ReadonlyMap<string, TouchedKey>;

/** The text form of the key that a report belongs to, as the links stand now. */
export function keyIdOf(book: LinkBook, { bank, deviceKey, kbKey }: Report): string {
  const links = book.linksOf(bank);
  return idOf(bank, links.canonicalOf(deviceKey), links.resolvedKb(kbKey));
}

const idOf = (bank: string, deviceKey: string, kb: string): string => `${bank}/${deviceKey}/${kb}`;

/**
 * Every (bank, canonical device, resolved KB) whose conclusions may change with a batch: those of its reports; those
 * that its links join or part; those whose build an inventory may tell. Each under today's key and under every other that
 * its rows were told under.
 * @param isShared other projectors may just be writing rows of links that are no longer all
 */
export async function touchedKeys(
  store: AttemptStoreWriter,
  book: LinkBook,
  facts: FactBatch,
  changes: readonly LinkChanges[],
  isShared: boolean,
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
  /** @returns the key as the links stand now */
  const touchEverywhere = (bank: string, deviceKey: string, kbKey: string, wasUnnamed: boolean) => {
    const links = book.linksOf(bank);
    const kb = links.resolvedKb(kbKey);
    const device = links.canonicalOf(deviceKey);
    const toldUnder = links.toldUnder(deviceKey);
    // Nearly every report: a device of one key that stood under no other.
    if (!wasUnnamed && device === deviceKey && toldUnder.size === 0) return touch(bank, device, kb);
    const kbs = wasUnnamed ? new Set([kb, kbKey, ...links.kbsOf(kbKey)]) : [kb];
    for (const each of kbs) {
      for (const key of [device, deviceKey, ...toldUnder]) touch(bank, key, each);
    }
    return touch(bank, device, kb);
  };
  for (const { report } of facts.reports) {
    const wasUnnamed = isShared && report.kbKey.startsWith('update:');
    touchEverywhere(report.bank, report.deviceKey, report.kbKey, wasUnnamed).inBatch.push(report);
  }
  for (const { bank, devices, updateKeys } of changes) {
    for (const { deviceKey, kbKey } of await store.readKbKeys(bank, [...devices]))
      touchEverywhere(bank, deviceKey, kbKey, isShared);
    for (const { deviceKey, kbKey } of await store.readDevicesOf(bank, [...updateKeys]))
      touchEverywhere(bank, deviceKey, kbKey, true);
  }
  for (const [bank, devices] of devicesByBank(book, facts)) {
    for (const { deviceKey, kbKey } of await store.readKbKeys(bank, devices, { withoutBuild: true }))
      touchEverywhere(bank, deviceKey, kbKey, isShared);
  }
  return keys;
}

/**
 * Entries of the journal that must stand before the keys are written: whose reports are told under whose key. Whoever
 * changes these links later finds the rows by them.
 */
export function joinsOf(book: LinkBook, touched: TouchedKeys): LinkEntry[] {
  const joins = new Map<string, LinkEntry>();
  for (const { bank, deviceKey } of touched.values()) {
    for (const member of book.linksOf(bank).membersOf(deviceKey)) {
      if (member === deviceKey) continue;
      joins.set(`${bank}/${member}`, { bank, kind: 'joined', subject: member, object: deviceKey });
    }
  }
  return book.unknown([...joins.values()]);
}

/** An inventory tells the builds of its device under every key that this has. */
function devicesByBank(book: LinkBook, facts: FactBatch): Map<string, string[]> {
  const devices = new Map<string, Set<string>>();
  for (const { bank, deviceKey } of facts.inventories) {
    const known = devices.get(bank) ?? new Set();
    devices.set(bank, known);
    for (const member of book.linksOf(bank).sameDevice(deviceKey)) known.add(member);
  }
  return new Map([...devices].map(([bank, keys]) => [bank, [...keys]]));
}
