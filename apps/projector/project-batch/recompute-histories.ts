import type { BuildObservation, Report } from '#domain/report.js';
import { tellHistory } from '#domain/tell-history.js';
import type { AttemptStoreWriter, FactBatch, HistoryKey, HistoryRow } from '#attempt-store/attempt-store.js';
import { allDone } from './all-done.js';
import type { LinkBook } from './link-book.js';
import type { TouchedKeys } from './touched-keys.js';

/** Links weigh more than copies in a version: with more links a key may hold fewer copies than before. */
const COPIES_PER_LINK = 2 ** 26;

/** Keys told in one go. While the store reads and writes one portion, the next is told. */
const PORTION_KEYS = 10_000;

/** What is to be told anew, and the reports of the batch that belong to it. */
interface Portion {
  readonly touched: TouchedKeys;
  readonly inBatch: readonly Report[];
}

/**
 * Tells every touched key anew from all its reports: those of the batch and those already stored; each portion is
 * handed to `write` as soon as it is told. A key that holds nothing any more (its device or update turned out to be
 * another) becomes an empty row of a higher version. Reports of the batch may or may not be stored yet: a copy that
 * is met twice counts once.
 */
export async function recomputeHistories(
  store: AttemptStoreWriter,
  book: LinkBook,
  facts: FactBatch,
  touched: TouchedKeys,
  write: (rows: readonly HistoryRow[]) => Promise<void>,
): Promise<void> {
  await allDone(
    portionsOf(book, facts, touched).map(async ({ touched: keys, inBatch }) => {
      const stored = await store.readReports(sourceKeys(book, keys));
      await write(await tellPortion(store, book, keys, [...stored, ...inBatch]));
    }),
  );
}

/** All reports of a key are in one portion. */
function portionsOf(book: LinkBook, facts: FactBatch, touched: TouchedKeys): Portion[] {
  const portions: { touched: TouchedKeys; inBatch: Report[] }[] = [];
  const portionOfKey = new Map<string, { inBatch: Report[] }>();
  let open = { touched: new Map<string, HistoryKey>(), inBatch: new Array<Report>() };
  for (const [id, key] of touched) {
    if (open.touched.size === 0) portions.push(open);
    open.touched.set(id, key);
    portionOfKey.set(id, open);
    if (open.touched.size >= PORTION_KEYS) open = { touched: new Map(), inBatch: [] };
  }
  for (const { report } of facts.reports) portionOfKey.get(keyIdOf(book, report))?.inBatch.push(report);
  return portions;
}

async function tellPortion(
  store: AttemptStoreWriter,
  book: LinkBook,
  touched: TouchedKeys,
  reports: readonly Report[],
): Promise<HistoryRow[]> {
  const reportsByKey = new Map<string, Report[]>([...touched.keys()].map((id) => [id, []]));
  for (const report of reports) reportsByKey.get(keyIdOf(book, report))?.push(report);
  const builds = await readMissingBuilds(store, book, touched, reportsByKey);
  return [...touched].map(([id, key]) => {
    const own = reportsByKey.get(id) ?? [];
    return {
      ...key,
      version: book.linkCount(key.bank) * COPIES_PER_LINK + distinctCopies(own),
      history: tellHistory({
        bank: key.bank,
        kb: key.kb,
        reports: own,
        builds: builds.get(`${key.bank}/${key.deviceKey}`) ?? [],
      }),
    };
  });
}

const keyIdOf = (book: LinkBook, { bank, deviceKey, kbKey }: Report): string =>
  `${bank}/${book.canonicalOf(bank, deviceKey)}/${book.resolvedKb(bank, kbKey)}`;

/** Under which (device, kbKey) as sent the reports of the touched keys may stand. */
function sourceKeys(
  book: LinkBook,
  touched: TouchedKeys,
): { bank: string; deviceKey: string; kbKey: string }[] {
  const kbKeysByKb = new Map<string, string[]>();
  const kbKeysOf = ({ bank, kb }: HistoryKey) => {
    const id = `${bank}/${kb}`;
    const known = kbKeysByKb.get(id) ?? book.kbKeysOf(bank, kb);
    kbKeysByKb.set(id, known);
    return known;
  };
  return [...touched.values()].flatMap((key) =>
    book
      .membersOf(key.bank, key.deviceKey)
      .flatMap((deviceKey) => kbKeysOf(key).map((kbKey) => ({ bank: key.bank, deviceKey, kbKey }))),
  );
}

/** Inventories matter only where a report does not say the build itself. */
async function readMissingBuilds(
  store: AttemptStoreWriter,
  book: LinkBook,
  touched: TouchedKeys,
  reportsByKey: ReadonlyMap<string, readonly Report[]>,
): Promise<Map<string, BuildObservation[]>> {
  const wanted = new Map<string, { bank: string; deviceKey: string }>();
  for (const [id, { bank, deviceKey }] of touched) {
    if (!(reportsByKey.get(id) ?? []).some((report) => report.osBuild === '')) continue;
    for (const member of book.membersOf(bank, deviceKey))
      wanted.set(`${bank}/${member}`, { bank, deviceKey: member });
  }
  const builds = new Map<string, BuildObservation[]>();
  for (const found of await store.readBuilds([...wanted.values()])) {
    const id = `${found.bank}/${book.canonicalOf(found.bank, found.deviceKey)}`;
    const known = builds.get(id);
    if (known) known.push(found);
    else builds.set(id, [found]);
  }
  return builds;
}

function distinctCopies(reports: readonly Report[]): number {
  if (reports.length < 2) return reports.length;
  // The store keeps the first 16 characters of the hash; both forms must count alike.
  return new Set(reports.map((report) => `${report.eventId}/${report.copyHash.slice(0, 16)}`)).size;
}
