import type { SusdbEvent } from './susdb-rows.js';

/** How far the event table has been read. */
export interface SusdbCursor {
  /** Time at the server of the newest row read; null = nothing was read yet. */
  readonly timeAtServer: string | null;
}

/** What the event table holds: the times at the server of its oldest and newest row; null = it is empty. */
export interface SusdbExtent {
  readonly oldest: Date | null;
  readonly newest: Date | null;
}

/** A stretch of time whose rows the server deleted before they were read (WSUS keeps client events for 15 days). */
export interface SusdbGap {
  readonly from: string;
  readonly to: string;
}

/**
 * A client's batch is committed some time after the rows were stamped, so each round begins a little before its cursor;
 * copies add nothing, because event ids are made from EventInstanceID.
 */
export const OVERLAP_MS = 5 * 60_000;
/** Clients report at least daily; an oldest row this much younger than the cursor means that rows are gone. */
const SLACK_MS = 60 * 60_000;
/** Before any row there is; SQL Server's `datetime` begins in 1753. */
const BEGINNING = new Date(0);

/** After which time a round's first page begins. */
export function roundStart({ timeAtServer }: SusdbCursor): Date {
  return timeAtServer === null ? BEGINNING : new Date(Date.parse(timeAtServer) - OVERLAP_MS);
}

/**
 * The cursor to begin a round with. A table whose newest row is older than the cursor was restored from a backup, or the
 * server's clock was put back: rows that come now would stand before the cursor and never be read, so it goes back too.
 */
export function heldTo(cursor: SusdbCursor, { newest }: SusdbExtent): SusdbCursor {
  if (cursor.timeAtServer === null || newest === null) return cursor;
  return newest.getTime() < Date.parse(cursor.timeAtServer) ? { timeAtServer: newest.toISOString() } : cursor;
}

/** What was deleted unread, as far as the oldest row shows it. */
export function gapBefore({ timeAtServer }: SusdbCursor, { oldest }: SusdbExtent): SusdbGap | null {
  if (timeAtServer === null || oldest === null) return null;
  const lost = oldest.getTime() > Date.parse(timeAtServer) + SLACK_MS;
  return lost ? { from: timeAtServer, to: oldest.toISOString() } : null;
}

/** The cursor behind the rows of one page; it never goes back. */
export function cursorBehind(cursor: SusdbCursor, rows: readonly SusdbEvent[]): SusdbCursor {
  const before = cursor.timeAtServer === null ? 0 : Date.parse(cursor.timeAtServer);
  const newest = rows.reduce((latest, row) => Math.max(latest, row.timeAtServer.getTime()), before);
  return { timeAtServer: newest === 0 ? null : new Date(newest).toISOString() };
}
