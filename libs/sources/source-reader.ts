import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import type { ReadingAccount } from './reading-account.js';

/** One report and where in its file it stands: a physical line (counted from 1) or an event's record id. */
export interface FoundReport {
  readonly line?: number;
  readonly recordId?: number;
  readonly report: AttemptReport;
}

/** A snapshot of a device as a command printed it or a log states it in passing. */
export type UndatedInventory = Omit<InventoryReport, 'takenAt'>;

export interface FoundInventory {
  readonly line: number;
  readonly inventory: UndatedInventory;
  /** When it was taken, UTC, where the source says so. */
  readonly takenAt?: string;
}

export interface ReadingEnd {
  readonly reports: readonly FoundReport[];
  readonly inventories?: readonly FoundInventory[];
  readonly account: ReadingAccount;
}

/**
 * Reads one file of one kind, bytes in whatever pieces they come. Never throws on content: what cannot be read is
 * counted in the account. A reader is used once: any number of `push`, then one `finish`.
 */
export interface SourceReader {
  /** Takes the next bytes and returns the reports that are complete by now. */
  push(bytes: Uint8Array): readonly FoundReport[];
  finish(): ReadingEnd;
}

/** Version of all readers of this folder: raised when a reader learns something, so that the better copy of a report wins. */
export const READER_VERSION = '1.3.0';
