import type { BuildObservation, Report } from '#domain/report.js';
import { tellHistory } from '#domain/tell-history.js';
import type {
  AttemptStoreWriter,
  HistoryKey,
  HistoryRow,
  WantedReports,
} from '#attempt-store/attempt-store.js';
import { allDone } from './all-done.js';
import type { LinkBook } from './link-book.js';
import { rowVersion } from './row-version.js';
import { keyIdOf } from './touched-keys.js';
import type { TouchedKey, TouchedKeys } from './touched-keys.js';

/** Keys told in one go. While the store reads and writes one portion, the next is told. */
const PORTION_KEYS = 10_000;

const NO_BUILDS: readonly BuildObservation[] = [];

/**
 * Tells every touched key anew from all its reports: those of the batch and those already stored; each portion is
 * handed to `write` as soon as it is told. A key that holds nothing any more (its device or update turned out to be
 * another) becomes an empty row of a higher version. Reports of the batch may or may not be stored yet: a copy that
 * is met twice counts once.
 */
export async function recomputeHistories(
  store: AttemptStoreWriter,
  book: LinkBook,
  touched: TouchedKeys,
  write: (rows: readonly HistoryRow[]) => Promise<void>,
): Promise<void> {
  const keys = [...touched.values()];
  const portions: (readonly TouchedKey[])[] = [];
  for (let at = 0; at < keys.length; at += PORTION_KEYS) portions.push(keys.slice(at, at + PORTION_KEYS));
  await allDone(
    portions.map(async (portion) => {
      const stored = new Map<TouchedKey, Report[]>();
      for (const report of await store.readReports(sourceKeys(book, portion))) {
        const key = touched.get(keyIdOf(book, report));
        if (key) addTo(stored, key, report);
      }
      await write(await tellPortion(store, book, portion, stored));
    }),
  );
}

async function tellPortion(
  store: AttemptStoreWriter,
  book: LinkBook,
  portion: readonly TouchedKey[],
  stored: ReadonlyMap<TouchedKey, readonly Report[]>,
): Promise<HistoryRow[]> {
  const reportsOf = (key: TouchedKey): readonly Report[] => {
    const before = stored.get(key);
    return before ? [...before, ...key.inBatch] : key.inBatch;
  };
  const builds = await readMissingBuilds(store, book, portion, reportsOf);
  return portion.map((key) => {
    const { bank, deviceKey, kb } = key;
    const reports = reportsOf(key);
    const observed = lacksBuild(reports) ? (builds.get(`${bank}/${deviceKey}`) ?? NO_BUILDS) : NO_BUILDS;
    return {
      bank,
      deviceKey,
      kb,
      version: rowVersion(book.linksOf(bank).count, reports, observed.length),
      history: tellHistory({ bank, kb, reports, builds: observed }),
    };
  });
}

/** Under which (device, kbKey) as sent the reports of the touched keys may stand, with those that the batch brings. */
function sourceKeys(book: LinkBook, portion: readonly TouchedKey[]): WantedReports[] {
  const kbKeysByKb = new Map<string, string[]>();
  const kbKeysOf = ({ bank, kb }: HistoryKey) => {
    const id = `${bank}/${kb}`;
    const known = kbKeysByKb.get(id) ?? book.linksOf(bank).kbKeysOf(kb);
    kbKeysByKb.set(id, known);
    return known;
  };
  const sources: WantedReports[] = [];
  for (const key of portion) {
    for (const deviceKey of book.linksOf(key.bank).membersOf(key.deviceKey))
      for (const kbKey of kbKeysOf(key))
        sources.push({ bank: key.bank, deviceKey, kbKey, known: key.inBatch });
  }
  return sources;
}

/** Inventories matter only where a report does not say the build itself. */
async function readMissingBuilds(
  store: AttemptStoreWriter,
  book: LinkBook,
  portion: readonly TouchedKey[],
  reportsOf: (key: TouchedKey) => readonly Report[],
): Promise<Map<string, BuildObservation[]>> {
  const wanted = new Map<string, { bank: string; deviceKey: string }>();
  for (const key of portion) {
    if (!lacksBuild(reportsOf(key))) continue;
    const { bank, deviceKey } = key;
    for (const member of book.linksOf(bank).membersOf(deviceKey))
      wanted.set(`${bank}/${member}`, { bank, deviceKey: member });
  }
  const builds = new Map<string, BuildObservation[]>();
  for (const found of await store.readBuilds([...wanted.values()])) {
    const id = `${found.bank}/${book.linksOf(found.bank).canonicalOf(found.deviceKey)}`;
    addTo(builds, id, found);
  }
  return builds;
}

const lacksBuild = (reports: readonly Report[]): boolean => reports.some(({ osBuild }) => osBuild === '');

function addTo<Key, Member>(groups: Map<Key, Member[]>, key: Key, member: Member): void {
  const group = groups.get(key);
  if (group) group.push(member);
  else groups.set(key, [member]);
}
