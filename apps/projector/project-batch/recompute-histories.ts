import type { BuildObservation, Report } from '#domain/report.js';
import { tellHistory } from '#domain/tell-history.js';
import type { AttemptStoreWriter, FactBatch, HistoryKey, HistoryRow } from '#attempt-store/attempt-store.js';
import type { LinkBook } from './link-book.js';
import type { TouchedKeys } from './touched-keys.js';

/** Links weigh more than copies in a version: with more links a key may hold fewer copies than before. */
const COPIES_PER_LINK = 2 ** 26;

/**
 * Tells every touched key anew from all its reports: those of the batch and those already stored. A key that holds
 * nothing any more (its device or update turned out to be another) becomes an empty row of a higher version.
 */
export async function recomputeHistories(
  store: AttemptStoreWriter,
  book: LinkBook,
  facts: FactBatch,
  touched: TouchedKeys,
): Promise<HistoryRow[]> {
  const inBatch = facts.reports.map(({ report }) => report);
  const stored = await store.readReports(
    sourceKeys(book, touched),
    new Set(inBatch.map((report) => report.eventId)),
  );
  const reportsByKey = new Map<string, Report[]>([...touched.keys()].map((key) => [key, []]));
  for (const report of [...stored, ...inBatch]) {
    const { bank } = report;
    reportsByKey
      .get(`${bank}/${book.canonicalOf(bank, report.deviceKey)}/${book.resolvedKb(bank, report.kbKey)}`)
      ?.push(report);
  }
  const builds = await readMissingBuilds(store, book, touched, reportsByKey);
  return [...touched].map(([id, key]) => {
    const reports = reportsByKey.get(id) ?? [];
    return {
      ...key,
      version: book.linkCount(key.bank) * COPIES_PER_LINK + distinctCopies(reports),
      history: tellHistory({
        bank: key.bank,
        kb: key.kb,
        reports,
        builds: builds.get(`${key.bank}/${key.deviceKey}`) ?? [],
      }),
    };
  });
}

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
