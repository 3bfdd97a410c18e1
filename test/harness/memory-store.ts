import { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import type {
  CanonicalDevice,
  FactBatch,
  HistoryRow,
  InventoryRow,
  LinkEntry,
  LinkFeed,
  WantedReports,
} from '#attempt-store/attempt-store.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import type { BuildObservation, Report } from '#domain/report.js';

interface ReportKey {
  readonly bank: string;
  readonly deviceKey: string;
  readonly kbKey: string;
}

type StoredBuild = BuildObservation & { bank: string; deviceKey: string };

/** What the projector's calls do to a store, without a ClickHouse: fast enough for thousands of runs. Questions are not answered. */
export class MemoryStore {
  private readonly reports = new Map<string, Report[]>();
  private readonly inventories: InventoryRow[] = [];
  private readonly journal: LinkEntry[] = [];
  private readonly histories = new Map<string, HistoryRow>();
  private readonly canonical = new Map<string, CanonicalDevice>();

  /** As of a process of its own. */
  open(isShared: boolean): StoreWriters {
    const writer = new MemoryWriter(this);
    return Object.assign(Object.create(StoreWriters.prototype) as StoreWriters, {
      isShared,
      of: () => writer,
    });
  }

  insertFacts({ reports, inventories }: FactBatch): void {
    for (const { report } of reports) addTo(this.reports, placeOf(report), report);
    this.inventories.push(...inventories);
  }

  insertLinks(entries: readonly LinkEntry[]): void {
    this.journal.push(...entries);
  }

  /** Rows that lose or draw behave as ReplacingMergeTree has them: more version wins, of equal ones the last. */
  writeHistories(rows: readonly HistoryRow[]): void {
    for (const row of rows) {
      const id = `${row.bank}/${row.kb}/${row.deviceKey}`;
      if (row.version >= (this.histories.get(id)?.version ?? 0n)) this.histories.set(id, row);
    }
  }

  writeCanonicalDevices(rows: readonly CanonicalDevice[]): void {
    for (const row of rows) {
      const id = `${row.bank}/${row.deviceKey}`;
      if (row.version >= (this.canonical.get(id)?.version ?? 0)) this.canonical.set(id, row);
    }
  }

  links(from: number, bank: string): LinkEntry[] {
    return this.journal.slice(from).filter((entry) => entry.bank === bank);
  }

  get journalLength(): number {
    return this.journal.length;
  }

  reportsUnder(key: ReportKey): readonly Report[] {
    return this.reports.get(placeOf(key)) ?? [];
  }

  reportsOf(bank: string): Report[] {
    return [...this.reports.values()].flat().filter((report) => report.bank === bank);
  }

  builds(bank: string, deviceKey: string): StoredBuild[] {
    const seen = new Map<string, StoredBuild>();
    for (const { takenAtMs, osBuild, osInstance, ...of } of this.inventories)
      if (of.bank === bank && of.deviceKey === deviceKey && osBuild !== '')
        seen.set(`${takenAtMs}/${osBuild}/${osInstance}`, {
          bank,
          deviceKey,
          takenAtMs,
          osBuild,
          osInstance,
        });
    return [...seen.values()];
  }

  /** Every conclusion that stands, by its key. */
  cells(): Record<string, unknown> {
    const cells: Record<string, unknown> = {};
    for (const [id, { history }] of [...this.histories].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (history.latest !== null || history.attempts.length > 0) cells[id] = history;
    for (const [id, { canonicalKey, deviceKey }] of [...this.canonical].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (canonicalKey !== deviceKey) cells[`device ${id}`] = canonicalKey;
    return cells;
  }
}

const done = Promise.resolve();

class MemoryWriter extends AttemptStoreWriter {
  override readonly filling = {};
  override readonly migrate = notAsked;
  override readonly writeAlerts = notAsked;
  override readonly lastArrivalMs = notAsked;
  override readonly firstArrivals = notAsked;
  override readonly reportingSources = notAsked;
  override readonly watchCounts = notAsked;

  constructor(private readonly store: MemoryStore) {
    super();
  }

  override insertFacts(batch: FactBatch): Promise<void> {
    this.store.insertFacts(batch);
    return done;
  }

  override readReports(keys: readonly WantedReports[]): Promise<Report[]> {
    const unknown = ({ known = [], ...key }: WantedReports) => {
      const copies = new Set(known.map(copyOf));
      return this.store.reportsUnder(key).filter((report) => !copies.has(copyOf(report)));
    };
    return Promise.resolve(keys.flatMap(unknown));
  }

  override readBuilds(devices: readonly { bank: string; deviceKey: string }[]) {
    return Promise.resolve(devices.flatMap(({ bank, deviceKey }) => this.store.builds(bank, deviceKey)));
  }

  override insertLinks(entries: readonly LinkEntry[]): Promise<void> {
    this.store.insertLinks(entries);
    return done;
  }

  override openLinkFeed(): LinkFeed {
    const readUpTo = new Map<string, number>();
    return {
      read: (banks) => {
        const found = banks.flatMap((bank) => this.store.links(readUpTo.get(bank) ?? 0, bank));
        for (const bank of banks) readUpTo.set(bank, this.store.journalLength);
        return Promise.resolve(found);
      },
    };
  }

  override readKbKeys(bank: string, deviceKeys: readonly string[], only = { withoutBuild: false }) {
    const found = this.store
      .reportsOf(bank)
      .filter(
        ({ deviceKey, osBuild }) => deviceKeys.includes(deviceKey) && !(only.withoutBuild && osBuild !== ''),
      );
    return Promise.resolve(found);
  }

  override readDevicesOf(bank: string, kbKeys: readonly string[]) {
    return Promise.resolve(this.store.reportsOf(bank).filter(({ kbKey }) => kbKeys.includes(kbKey)));
  }

  override writeHistories(rows: readonly HistoryRow[]): Promise<void> {
    this.store.writeHistories(rows);
    return done;
  }

  override writeCanonicalDevices(rows: readonly CanonicalDevice[]): Promise<void> {
    this.store.writeCanonicalDevices(rows);
    return done;
  }

  override writeRemedies(): Promise<void> {
    return done;
  }
}

function notAsked(): never {
  throw new Error('the store of this test answers the projector only');
}

const placeOf = ({ bank, deviceKey, kbKey }: ReportKey): string => `${bank}/${deviceKey}/${kbKey}`;

const copyOf = ({ copyHash, receivedAtMs }: Report): string => `${copyHash}/${receivedAtMs}`;

function addTo<Member>(groups: Map<string, Member[]>, key: string, member: Member): void {
  const group = groups.get(key);
  if (group) group.push(member);
  else groups.set(key, [member]);
}
