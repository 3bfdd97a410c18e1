import type { SusdbExtent } from '#sources/wsus/susdb-cursor.js';

/**
 * What the poller asks of a WSUS database: the seam behind which SQL Server stands. None could be had where Rollcall is
 * built, so the tests put a stub here that speaks the same rows; `mssql-susdb.ts` has run against no real server.
 */
export interface Susdb {
  extent(): Promise<SusdbExtent>;
  /** Rows of client events with a time at the server after `after`, oldest first, with all rows of the last instant. */
  events(after: Date, limit: number): Promise<readonly unknown[]>;
  close(): Promise<void>;
}

/** Why SUSDB cannot be read, in words, and what to do. */
export class SusdbProblem extends Error {
  override readonly name = 'SusdbProblem';
  constructor(
    message: string,
    /** Whether the same may work later without anybody doing anything. */
    readonly passes: boolean,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
