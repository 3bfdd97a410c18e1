import type { SusdbEvent } from './susdb-rows.js';

/** How far the event table has been read. */
export interface SusdbCursor {
  /** Time at the server of the newest row read; null = nothing was read yet. */
  readonly timeAtServer: string | null;
}

/** A stretch of time whose rows the server deleted before they were read (WSUS keeps client events for 15 days). */
export interface SusdbGap {
  readonly from: string;
  readonly to: string;
}

export interface SusdbRead {
  readonly cursor: SusdbCursor;
  readonly gap: SusdbGap | null;
  /** More rows wait: ask again at once. */
  readonly more: boolean;
}

/**
 * A client's batch is committed some time after the rows were stamped, so each poll reads the last minutes again; copies
 * add nothing, because event ids are made from EventInstanceID.
 */
const OVERLAP_MS = 5 * 60_000;
/** Clients report at least daily; an oldest row this much younger than the cursor means that rows are gone. */
const SLACK_MS = 60 * 60_000;

/** From when on rows are to be read, for `EVENTS`' parameter `@since`. */
export function readSince({ timeAtServer }: SusdbCursor): Date {
  return timeAtServer === null ? new Date(0) : new Date(Date.parse(timeAtServer) - OVERLAP_MS);
}

/**
 * The cursor behind the rows of one poll, and the gap before them.
 * @param rows in the order of the query: by time at the server, then EventInstanceID
 * @param oldest time at the server of the oldest row the table still has; null = it is empty
 * @param limit the most rows that were asked for
 */
export function afterPoll(
  cursor: SusdbCursor,
  rows: readonly SusdbEvent[],
  oldest: Date | null,
  limit: number,
): SusdbRead {
  const newest = rows.reduce((latest, row) => Math.max(latest, row.timeAtServer.getTime()), 0);
  const before = cursor.timeAtServer === null ? null : Date.parse(cursor.timeAtServer);
  const next = Math.max(newest, before ?? 0);
  const lost = before !== null && oldest !== null && oldest.getTime() > before + SLACK_MS;
  return {
    cursor: { timeAtServer: next === 0 ? null : new Date(next).toISOString() },
    gap: lost ? { from: new Date(before).toISOString(), to: oldest.toISOString() } : null,
    // A full page that does not lead past the overlap would be read for ever: the limit must exceed it (see the queries).
    more: rows.length >= limit && next - OVERLAP_MS > readSince(cursor).getTime(),
  };
}
