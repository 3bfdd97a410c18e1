import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import type { BuildObservation, Report, Signature } from '#domain/report.js';
import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import { AttemptStoreWriter } from '../attempt-store.js';
import type {
  AlertView,
  CanonicalDevice,
  FactBatch,
  FirstArrival,
  ReportingSource,
  HistoryRow,
  LinkEntry,
  LinkFeed,
  WantedReports,
  WatchQuestion,
} from '../attempt-store.js';
import type { Cluster } from './cluster-ddl.js';
import { withStoreErrors } from './connection.js';
import { HISTORY_COLUMNS } from './history-columns.js';
import { INLINE_QUERY_SETTINGS, inlineTable, quote } from './inline-table.js';
import { insertRows } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { JournalFeed, JournalWriter } from './link-journal.js';
import { migrate } from './migrate.js';
import { RecentReports } from './recent-reports.js';
import { REPORT_ROW_COLUMNS, reportFromRow } from './report-columns.js';
import {
  ALERT_COLUMNS,
  ALIAS_COLUMNS,
  CANONICAL_COLUMNS,
  INVENTORY_COLUMNS,
  KB_LINK_COLUMNS,
  REMEDY_COLUMNS,
  SIGNATURE_COLUMNS,
} from './small-columns.js';
import { StoredKeys } from './stored-keys.js';
import { databaseOf } from './tables.js';
import type { Generation } from '#domain/generation.js';
import { levelsOf } from '#domain/signature/signature.js';
import type { LookCounts, WatchedSignature } from '#domain/spikes/scan/counts.js';
import { arrivalSpansQuery, lastArrivalQuery } from './questions/arrivals.js';
import { reportingSourcesQuery } from './questions/reporting-sources.js';
import { storedReportsQuery } from './questions/stored-reports.js';
import type { StoredReportRow } from './questions/stored-reports.js';
import { WatchCounts } from './questions/watch-counts.js';
import type { WatchCountsRow } from './questions/watch-counts.js';
import {
  WATCH_COUNTS_SETTINGS,
  watchCountsParameters,
  watchCountsQuery,
} from './questions/watch-counts-query.js';

/** Signatures already written by this process; the table forgets nothing, so a repeat is only work saved. */
const KNOWN_SIGNATURES_MAX = 100_000;

/** About 1 KB each. */
const RECENT_REPORTS_MAX = 40_000;

/** The projector's side of one generation. */
export class ClickHouseWriter extends AttemptStoreWriter {
  override filling: object = {};
  private readonly database: string;
  private readonly knownSignatures = new Set<string>();
  private readonly signatureNames = new Map<string, WatchedSignature>();
  /** Loaded with the first facts or question for them. */
  private storedKeys: Promise<StoredKeys> | null = null;
  private recentReports = new RecentReports(RECENT_REPORTS_MAX);
  private readonly journal = new JournalWriter((columns, rows) => this.insert('link_journal', columns, rows));

  constructor(
    private readonly client: ClickHouseClient,
    private readonly generation: Generation,
    /** Others fill the generation too: what this process stored is not all there is, so reports are always read. */
    private readonly isShared: boolean,
    private readonly cluster?: Cluster,
  ) {
    super();
    this.database = databaseOf(generation);
  }

  /** Another process may have dropped or filled the tables since: nothing of what this one remembers holds any more. */
  forget(): void {
    this.filling = {};
    this.knownSignatures.clear();
    this.storedKeys = null;
    this.recentReports = new RecentReports(RECENT_REPORTS_MAX);
  }

  override async migrate(): Promise<void> {
    await migrate(this.client, this.generation, this.cluster);
  }

  override async insertFacts(batch: FactBatch): Promise<void> {
    if (batch.reports.length > 0 && !this.isShared) {
      const storedKeys = await this.loadStoredKeys();
      // Before they are sent: whether an insert that failed has stored them is not known.
      for (const { report } of batch.reports) this.recentReports.add(report, storedKeys.add(report));
    }
    await Promise.all([
      this.insert('reports', REPORT_ROW_COLUMNS, batch.reports),
      this.insert('inventories', INVENTORY_COLUMNS, batch.inventories),
      this.insert('device_aliases', ALIAS_COLUMNS, batch.aliasLinks),
      this.insert('kb_links', KB_LINK_COLUMNS, batch.kbLinks),
    ]);
  }

  override async readReports(keys: readonly WantedReports[]): Promise<Report[]> {
    if (keys.length === 0) return [];
    const { recent, held } = await this.recall(keys);
    if (held.length === 0) return recent;
    const rows = await this.rows<StoredReportRow>(storedReportsQuery(this.database, held));
    for (const row of rows) recent.push(reportFromRow(row));
    return recent;
  }

  override async readBuilds(
    devices: readonly { bank: string; deviceKey: string }[],
  ): Promise<(BuildObservation & { bank: string; deviceKey: string })[]> {
    if (devices.length === 0) return [];
    const wanted = inlineTable(
      { bank: 'String', device_key: 'String' },
      devices.map((d) => [d.bank, d.deviceKey]),
    );
    const rows = await this.rows<[string, string, number, string, string]>(
      `SELECT bank, device_key, toUnixTimestamp64Milli(taken_at), os_build, os_instance FROM ${this.database}.inventories
       WHERE os_build != '' AND (bank, device_key) IN (SELECT bank, device_key FROM ${wanted})
       GROUP BY bank, device_key, taken_at, os_build, os_instance`,
    );
    return rows.map(([bank, deviceKey, takenAtMs, osBuild, osInstance]) => ({
      bank,
      deviceKey,
      takenAtMs,
      osBuild,
      osInstance,
    }));
  }

  override async insertLinks(entries: readonly LinkEntry[]): Promise<void> {
    if (entries.length > 0) await this.journal.append(entries);
  }

  override openLinkFeed(): LinkFeed {
    return new JournalFeed(`${this.database}.link_journal`, (query) => this.rows(query));
  }

  override async readKbKeys(
    bank: string,
    deviceKeys: readonly string[],
    only: { withoutBuild: boolean } = { withoutBuild: false },
  ): Promise<{ deviceKey: string; kbKey: string }[]> {
    if (deviceKeys.length === 0) return [];
    const wanted = inlineTable(
      { device_key: 'String' },
      deviceKeys.map((key) => [key]),
    );
    return this.keyPairs(
      `bank = ${quote(bank)} AND device_key IN (SELECT device_key FROM ${wanted})${only.withoutBuild ? ` AND os_build = ''` : ''}`,
    );
  }

  override async readDevicesOf(
    bank: string,
    kbKeys: readonly string[],
  ): Promise<{ deviceKey: string; kbKey: string }[]> {
    if (kbKeys.length === 0) return [];
    return this.keyPairs(`bank = ${quote(bank)} AND kb_key IN (${kbKeys.map(quote).join(', ')})`);
  }

  override async writeHistories(rows: readonly HistoryRow[]): Promise<void> {
    await this.writeNewSignatures(rows);
    await this.insert('histories', HISTORY_COLUMNS, rows);
  }

  override async writeCanonicalDevices(rows: readonly CanonicalDevice[]): Promise<void> {
    await this.insert('canonical_devices', CANONICAL_COLUMNS, rows);
  }

  override async writeRemedies(events: readonly RemedyEvent[]): Promise<void> {
    await this.insert('remedy_events', REMEDY_COLUMNS, events);
  }

  override async writeAlerts(rows: readonly (AlertView & { eventNo: number })[]): Promise<void> {
    await this.insert('alert_states', ALERT_COLUMNS, rows);
  }

  override async lastArrivalMs(notAfterMs: number): Promise<number | null> {
    const ask = async (limitMs: number | null) => {
      const [row] = await this.rows<[number, number]>(lastArrivalQuery(this.database, limitMs));
      return row === undefined || row[0] === 0 ? null : row[1];
    };
    const lastMs = await ask(null);
    return lastMs === null || lastMs <= notAfterMs ? lastMs : ask(notAfterMs);
  }

  override async firstArrivals(banks: readonly string[] | null): Promise<FirstArrival[]> {
    if (banks?.length === 0) return [];
    const among = banks === null ? '1' : `bank IN (${banks.map(quote).join(', ')})`;
    const rows = await this.rows<[string, number]>(arrivalSpansQuery(this.database, among));
    return rows.map(([bank, firstMs]) => ({ bank, firstMs }));
  }

  override async reportingSources(fromMs: number, untilMs: number): Promise<ReportingSource[]> {
    const query = reportingSourcesQuery(this.database, fromMs, untilMs);
    const rows = await this.rows<[string, number, string, number, number, number]>(query);
    return rows.map(([bank, wsus, wsusServer, firstMs, lastMs, longestGapHours]) => ({
      bank,
      isWsus: wsus === 1,
      wsusServer,
      firstMs,
      lastMs,
      longestGapHours,
    }));
  }

  override async watchCounts(question: WatchQuestion): Promise<LookCounts> {
    const counts = new WatchCounts();
    await this.eachRow(
      (row) => {
        counts.add(row as WatchCountsRow);
      },
      watchCountsQuery(this.database),
      watchCountsParameters(question),
      WATCH_COUNTS_SETTINGS,
    );
    await this.nameSignatures(counts.namedSeries);
    return counts.counted(question, (series) => this.signatureNames.get(series));
  }

  private async nameSignatures(series: ReadonlySet<string>): Promise<void> {
    const unknown = [...series].filter((id) => !this.signatureNames.has(id));
    if (this.signatureNames.size > KNOWN_SIGNATURES_MAX) this.signatureNames.clear();
    if (unknown.length === 0) return;
    const wanted = inlineTable(
      { id: 'String' },
      unknown.map((id) => [id]),
    );
    const rows = await this.rows<[string, string, string, string, number, string]>(
      `SELECT signature_id, any(l1), any(l2), any(l3), any(fineness), any(reason) FROM ${this.database}.signatures
       WHERE signature_id IN (SELECT id FROM ${wanted}) GROUP BY signature_id`,
    );
    for (const [id, l1, l2, l3, fineness, reason] of rows)
      this.signatureNames.set(id, { id, l1, l2, l3, fineness, reason });
  }

  /** What this process remembers of these keys, and which must be read. */
  private async recall(
    keys: readonly WantedReports[],
  ): Promise<{ recent: Report[]; held: readonly WantedReports[] }> {
    if (this.isShared) return { recent: [], held: keys };
    const storedKeys = await this.loadStoredKeys();
    const recent: Report[] = [];
    const held = keys.filter((key) => {
      const reports = this.recentReports.of(key);
      if (reports === null) return storedKeys.mayHold(key);
      recent.push(...reports);
      return false;
    });
    return { recent, held };
  }

  private loadStoredKeys(): Promise<StoredKeys> {
    this.storedKeys ??= StoredKeys.load(this.client, this.database).catch((error: unknown) => {
      this.storedKeys = null;
      throw error;
    });
    return this.storedKeys;
  }

  private async writeNewSignatures(rows: readonly HistoryRow[]): Promise<void> {
    const fresh = new Map<string, Signature>();
    for (const { history } of rows) {
      for (const { signature } of [...history.attempts, ...history.failures]) {
        if (!signature || this.knownSignatures.has(signature.id)) continue;
        for (const level of levelsOf(signature)) fresh.set(level.id, level);
      }
    }
    if (fresh.size === 0) return;
    await this.insert('signatures', SIGNATURE_COLUMNS, [...fresh.values()]);
    if (this.knownSignatures.size > KNOWN_SIGNATURES_MAX) this.knownSignatures.clear();
    for (const id of fresh.keys()) this.knownSignatures.add(id);
  }

  private keyPairs(condition: string): Promise<{ deviceKey: string; kbKey: string }[]> {
    return this.rows<[string, string]>(
      `SELECT DISTINCT device_key, kb_key FROM ${this.database}.reports WHERE ${condition}`,
    ).then((rows) => rows.map(([deviceKey, kbKey]) => ({ deviceKey, kbKey })));
  }

  private insert<Row>(table: string, columns: readonly Column<Row>[], rows: readonly Row[]): Promise<void> {
    return insertRows(this.client, `${this.database}.${table}`, columns, rows);
  }

  private async rows<T>(query: string): Promise<T[]> {
    const rows: T[] = [];
    await this.eachRow((row) => rows.push(row as T), query);
    return rows;
  }

  private async eachRow(
    take: (row: unknown) => void,
    query: string,
    parameters: Readonly<Record<string, unknown>> = {},
    settings: ClickHouseSettings = {},
  ): Promise<void> {
    return withStoreErrors(async () => {
      const result = await this.client.query({
        query,
        query_params: { ...parameters },
        format: 'JSONCompactEachRow',
        clickhouse_settings: { ...INLINE_QUERY_SETTINGS, ...settings },
      });
      for await (const rows of result.stream()) for (const row of rows) take(row.json());
    });
  }
}
