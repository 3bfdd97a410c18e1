import type { History, LatestOutcome, Report, BuildObservation } from '#domain/report.js';
import type { LearningBank } from '#domain/spikes/learning.js';
import type { LookCounts } from '#domain/spikes/scan/counts.js';
import type { ToldSpan } from '#domain/spikes/scan/told-span.js';
import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import type { AliasKind } from '#domain/words.js';

/** The key under which conclusions are kept: canonical device and resolved KB. */
export interface HistoryKey {
  readonly bank: string;
  readonly deviceKey: string;
  readonly kb: string;
}

/** A row of conclusions. More `version` wins: what was read to tell it (at most 128 bits). An empty history takes an older one back. */
export interface HistoryRow extends HistoryKey {
  readonly version: bigint;
  readonly history: History;
}

export interface InventoryRow {
  readonly bank: string;
  readonly deviceKey: string;
  readonly eventId: string;
  readonly takenAtMs: number;
  readonly receivedAtMs: number;
  readonly osInstance: string;
  readonly osBuild: string;
  readonly osName: string;
  readonly osEdition: string;
  readonly model: string;
  readonly manufacturer: string;
  readonly branch: string;
  readonly pendingReboot: boolean;
  /** The whole event as JSON, for the device page. */
  readonly event: string;
}

/** A device carried an alias (both keyed hashes). */
export interface AliasLink {
  readonly bank: string;
  readonly deviceKey: string;
  readonly aliasKind: AliasKind;
  readonly aliasKey: string;
}

/** Which device a key stands for. More `version` (links known) wins. */
export interface CanonicalDevice {
  readonly bank: string;
  readonly deviceKey: string;
  readonly canonicalKey: string;
  readonly version: number;
}

/** A report of the bank named this KB for (update id, revision). */
export interface KbLink {
  readonly bank: string;
  readonly updateId: string;
  readonly updateRevision: number;
  readonly kb: string;
}

/**
 * One thing the whole bank must know to tell any of its keys, in the form of the journal of links.
 * `alias`: subject = device as sent, object = `<kind>/<key>`. `kb`: subject = `update:…`, object = a KB that a report names for it.
 * `unnamed`: reports without a KB stand under subject = `update:…`. `joined`: rows of subject's reports were told under
 * object, another key of the same device.
 */
export interface LinkEntry {
  readonly bank: string;
  readonly kind: 'alias' | 'kb' | 'unnamed' | 'joined';
  readonly subject: string;
  readonly object: string;
}

/** One reader's place in the journal of links. */
export interface LinkFeed {
  /**
   * Entries of these banks that this feed did not give before. What `insertLinks` acknowledged before the call is in
   * it, and for one bank all answers, of every feed, come from one growing order: of two answers' sums one holds the other.
   */
  read(banks: readonly string[]): Promise<readonly LinkEntry[]>;
}

/** A row of base facts: one copy of one report, and its event as stored in the log. */
export interface ReportRow {
  readonly report: Report;
  readonly updateTitle: string;
  readonly excerpt: readonly string[];
  /** Which of the bank's WSUS servers told it; '' = another source, or a server without a name. */
  readonly wsusServer: string;
}

/** Facts of one batch, in the form of the tables. Inserting the same batch twice changes no answer. */
export interface FactBatch {
  readonly reports: readonly ReportRow[];
  readonly inventories: readonly InventoryRow[];
  readonly aliasLinks: readonly AliasLink[];
  readonly kbLinks: readonly KbLink[];
}

export interface SignatureView {
  readonly id: string;
  readonly l1: string;
  readonly l2: string;
  readonly l3: string;
  readonly fineness: number;
  readonly reason: string;
}

export interface Cohort {
  readonly cohortId: string;
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signature: SignatureView;
  readonly failing: number;
  readonly everFailed: number;
  readonly attempted: number;
  /** ISO UTC; null when no report of it has a known time. */
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly regressed: number;
}

export interface AttemptView {
  readonly bank: string;
  readonly deviceKey: string;
  readonly kb: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly outcome: string;
  readonly operation: string;
  readonly stage: string;
  readonly rollback: string;
  readonly hresult: string;
  readonly reportedHresult: string;
  readonly build: string;
  readonly channel: string;
  readonly branch: string;
  readonly signature: SignatureView | null;
  readonly reports: readonly string[];
}

export interface LatestOutcomeView {
  readonly kb: string;
  readonly outcome: LatestOutcome['outcome'];
  readonly at: string | null;
}

export interface DeviceView {
  readonly deviceKey: string;
  readonly bank: string;
  readonly osBuild: string;
  readonly model: string;
  readonly branch: string;
  readonly latest: readonly LatestOutcomeView[];
  readonly attempts: readonly AttemptView[];
  /** Attempts per code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** What a cohort looks like from near: for a case. */
export interface CohortDetail extends Cohort {
  readonly devices: readonly {
    readonly deviceKey: string;
    readonly branch: string;
    readonly open: boolean;
    readonly lastSeen: string | null;
  }[];
  readonly branches: readonly { readonly name: string; readonly devices: number }[];
  readonly channels: readonly { readonly name: string; readonly devices: number }[];
  readonly attempts: number;
  readonly stage: string;
  readonly hresult: string;
  readonly reportedHresult: string;
  readonly innerErrors: readonly { readonly code: string; readonly kind: string }[];
  readonly excerpt: readonly string[];
  /** Other banks with the same signature: a number, never names; null when asked for one bank. */
  readonly otherBanks: number | null;
  /** Source kinds that told of it (`cbs_log`, `windows_update_client` …). */
  readonly sources: readonly string[];
}

/** `bank: null` = every bank (an operator's credential). */
export interface CohortFilter {
  readonly bank: string | null;
  readonly build?: string | undefined;
  readonly kb?: string | undefined;
  /** Signature id, or a code (`0x80071ab1`) of level 1. */
  readonly signature?: string | undefined;
  /** ISO UTC: failing seen at or after. */
  readonly since?: string | undefined;
}

export interface AttemptFilter extends CohortFilter {
  readonly deviceKey?: string | undefined;
  readonly outcome?: string | undefined;
}

/** Lists are paged by an opaque cursor; rows come in a total order, so pages neither repeat nor skip while nothing is inserted. */
export interface Page {
  readonly cursor?: string | undefined;
  readonly limit: number;
}
export interface Paged<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What a look of the watch asks at watch time T. */
export interface WatchQuestion {
  readonly atMs: number;
  /** What pages tell: their failures are not part of the past. */
  readonly told: readonly ToldSpan[];
  /** Moments since when `arrivedSince` will be asked. */
  readonly sincesMs: readonly number[];
}

/** Somebody whose silence would be noticed: a bank, or the WSUS servers of a bank. */
export interface ReportingSource {
  readonly bank: string;
  /** False = whatever the bank sent. */
  readonly isWsus: boolean;
  /** One of the bank's WSUS servers; '' = all of them together. */
  readonly wsusServer: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Between two hours with reports. */
  readonly longestGapHours: number;
}

/** When a bank's first report arrived. */
export interface FirstArrival {
  readonly bank: string;
  readonly firstMs: number;
}

/** How far the store is. It goes with every list, so it must stay cheap to ask however much is stored. */
export interface StoredUpTo {
  readonly generation: string;
  /** Largest receivedAt stored, ISO UTC; null when empty. */
  readonly asOf: string | null;
  /** Banks whose history is shorter than a baseline: what the watch says of them is provisional. */
  readonly learning: readonly LearningBank[];
}

export interface StoreStatus extends StoredUpTo {
  readonly reports: number;
  readonly attempts: number;
  readonly devices: number;
  readonly failingDevices: number;
  readonly cohorts: number;
}

/** One alert as its events tell it (topic `patch.alerts`), kept for questions and dashboards. */
export interface AlertView {
  readonly alertId: string;
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signature: SignatureView;
  /** ticket = provisional: the bank was known for less than 28 days. */
  readonly tier: 'page' | 'ticket';
  readonly state: 'open' | 'resolved';
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  readonly failed: number;
  readonly installs: number;
  readonly expected: number;
  readonly lnP: number;
  readonly text: string;
  readonly deliveries: readonly string[];
}

/** The store did not answer or refused for now: wait and try again; nothing is known to be stored. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}

/** The reports that stand under a device and KB as sent. */
export interface WantedReports {
  readonly bank: string;
  readonly deviceKey: string;
  readonly kbKey: string;
  /** Those that the asker has: need not be among the answer. The same copy that arrived at another time is. */
  readonly known?: readonly Report[];
}

/** The write side, used by the projector on one generation (`blue` or `green`). */
export abstract class AttemptStoreWriter {
  /** Another object whenever the generation was made ready or emptied: what was learnt of the one before no longer holds. */
  abstract readonly filling: object;
  /** Creates or upgrades the tables of the generation. Throws when a checksum of an applied migration differs. */
  abstract migrate(): Promise<void>;
  /** Facts first; visible when it resolves. */
  abstract insertFacts(batch: FactBatch): Promise<void>;
  /** Every stored copy of the reports under these keys; a copy may come more than once. */
  abstract readReports(keys: readonly WantedReports[]): Promise<Report[]>;
  /** Build observations of these devices (as sent). */
  abstract readBuilds(
    devices: readonly { bank: string; deviceKey: string }[],
  ): Promise<(BuildObservation & { bank: string; deviceKey: string })[]>;
  /** Appends to the journal of links; visible to every feed when it resolves. An entry may come more than once. */
  abstract insertLinks(entries: readonly LinkEntry[]): Promise<void>;
  /** A feed that has given nothing so far. */
  abstract openLinkFeed(): LinkFeed;
  /** All kbKeys under which reports of these devices stand; only of reports without a build, if so asked. */
  abstract readKbKeys(
    bank: string,
    deviceKeys: readonly string[],
    only?: { withoutBuild: boolean },
  ): Promise<{ deviceKey: string; kbKey: string }[]>;
  /** All devices that reported under these kbKeys. */
  abstract readDevicesOf(
    bank: string,
    kbKeys: readonly string[],
  ): Promise<{ deviceKey: string; kbKey: string }[]>;
  abstract writeHistories(rows: readonly HistoryRow[]): Promise<void>;
  /** Devices that are one with a smaller key, or no longer are. */
  abstract writeCanonicalDevices(rows: readonly CanonicalDevice[]): Promise<void>;
  /** What was told of remedies; the same events twice change nothing. */
  abstract writeRemedies(events: readonly RemedyEvent[]): Promise<void>;
  /** Alert views are small; each write replaces the alert's row (more `eventNo` wins). */
  abstract writeAlerts(rows: readonly (AlertView & { eventNo: number })[]): Promise<void>;
  /** Largest receivedAt stored that is not after `notAfterMs`, ms; null when there is none. It is the time of the watch. */
  abstract lastArrivalMs(notAfterMs: number): Promise<number | null>;
  /** Smallest receivedAt of each of these banks, or of every bank; one without reports is not in it. */
  abstract firstArrivals(banks: readonly string[] | null): Promise<FirstArrival[]>;
  /** Who reported with an arrival in (fromMs, untilMs]. */
  abstract reportingSources(fromMs: number, untilMs: number): Promise<ReportingSource[]>;
  /** Everything a look counts: one question over the attempts of 31 days. */
  abstract watchCounts(question: WatchQuestion): Promise<LookCounts>;
}

/** The questions. Every one takes the bank from the credential; `null` = all banks. */
export abstract class AttemptStore {
  abstract cohorts(filter: CohortFilter, page: Page): Promise<Paged<Cohort>>;
  abstract cohort(bank: string | null, cohortId: string): Promise<CohortDetail | null>;
  abstract device(bank: string | null, deviceKey: string): Promise<DeviceView | null>;
  abstract attempts(filter: AttemptFilter, page: Page): Promise<Paged<AttemptView>>;
  abstract alerts(filter: CohortFilter, page: Page): Promise<Paged<AlertView>>;
  abstract position(bank: string | null): Promise<StoredUpTo>;
  abstract status(bank: string | null): Promise<StoreStatus>;
}
