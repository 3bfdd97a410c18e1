import type { AttemptReport } from '#domain/attempt-event.js';
import type { SetAsideReason } from '#sources/reading-account.js';
import { cursorBehind, gapBefore, heldTo, OVERLAP_MS, roundStart } from '#sources/wsus/susdb-cursor.js';
import type { SusdbCursor, SusdbGap } from '#sources/wsus/susdb-cursor.js';
import { reportOfSusdbEvent, susdbEventOf } from '#sources/wsus/susdb-rows.js';
import type { SusdbEvent } from '#sources/wsus/susdb-rows.js';
import { missingFacts } from '#domain/required-facts.js';
import type { Susdb } from './susdb.js';

/** What one round read: rows = understood + Σ setAside + notUnderstood + readBefore. */
export interface PollRound {
  readonly rows: number;
  readonly understood: number;
  readonly setAside: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly notUnderstood: number;
  /** Rows of the overlap that this process sent in an earlier round. */
  readonly readBefore: number;
  readonly gap: SusdbGap | null;
  /** The server's table was put back, and the cursor with it. */
  readonly wentBack: boolean;
  readonly cursor: SusdbCursor;
}

export interface RoundDuties {
  report(report: AttemptReport): Promise<void>;
  /** After each page: makes what was reported durable, then keeps the cursor. */
  pageDone(cursor: SusdbCursor): Promise<void>;
}

/** Ids of the events around the cursor, so that the overlap of the rounds is not sent each time. */
export class RecentEvents {
  private readonly times = new Map<string, number>();

  /** Whether it is new; then it is remembered. */
  add({ eventInstanceId, timeAtServer }: SusdbEvent): boolean {
    const id = eventInstanceId.toLowerCase();
    if (this.times.has(id)) return false;
    this.times.set(id, timeAtServer.getTime());
    return true;
  }

  forgetBefore(ms: number): void {
    for (const [id, time] of this.times) if (time < ms) this.times.delete(id);
  }

  /** For a round that failed: what it added may not have been sent. */
  forgetAll(): void {
    this.times.clear();
  }
}

/** Reads all pages from the cursor to the end of the event table. */
export async function pollRound(
  susdb: Susdb,
  from: SusdbCursor,
  recent: RecentEvents,
  duties: RoundDuties,
  pageRows: number,
): Promise<PollRound> {
  const extent = await susdb.extent();
  let cursor = heldTo(from, extent);
  const wentBack = cursor !== from;
  const setAside: Partial<Record<SetAsideReason, number>> = {};
  const count = { rows: 0, understood: 0, notUnderstood: 0, readBefore: 0 };
  for (let after = roundStart(cursor); ;) {
    const page = await susdb.events(after, pageRows);
    const events: SusdbEvent[] = [];
    for (const row of page) {
      count.rows += 1;
      const event = susdbEventOf(row);
      if (event !== null) events.push(event);
      if (event !== null && !recent.add(event)) {
        count.readBefore += 1;
        continue;
      }
      const report = event === null ? null : reportOfSusdbEvent(event);
      if (report === null || (typeof report !== 'string' && missingFacts(report).length > 0))
        count.notUnderstood += 1;
      else if (typeof report === 'string') setAside[report] = (setAside[report] ?? 0) + 1;
      else {
        count.understood += 1;
        await duties.report(report);
      }
    }
    cursor = cursorBehind(cursor, events);
    await duties.pageDone(cursor);
    const newest = events.at(-1)?.timeAtServer;
    // A page that leads no further would be asked for again and again.
    if (page.length < pageRows || newest === undefined || newest.getTime() <= after.getTime()) break;
    after = newest;
  }
  recent.forgetBefore(roundStart(cursor).getTime() - OVERLAP_MS);
  return { ...count, setAside, gap: gapBefore(from, extent), wentBack, cursor };
}
