import { localTextToMs, offsetText, toUtc } from '../local-time.js';
import type { OffsetStretch } from '../reading-account.js';

const QUARTER_MINUTES = 15;
const LARGEST_MINUTES = 14 * 60;
const SLACK_MS = 3_000;
/** Beyond its last anchor an offset is believed for as long as reports are one attempt (contract.md §3). */
const REACH_MS = 2 * 3_600_000;

interface Anchor {
  readonly localMs: number;
  readonly offsetMinutes: number;
}

export interface RecoveredTime {
  readonly occurredAt: string;
  readonly utcOffset: string;
}

/**
 * The distance between a CBS log's local times and UTC, from records that hold both. A zone may change inside a file,
 * so an offset holds only between anchors that agree, or near a single one; elsewhere nothing is claimed.
 */
export class UtcOffsets {
  private readonly runs: { offsetMinutes: number; from: string; to: string }[] = [];
  private last: Anchor | null = null;

  /** Takes a local time and the UTC instant (ms) in the same record; false when the two do not fit any offset. */
  anchor(stamp: string, utcMs: number): boolean {
    const localMs = localTextToMs(stamp);
    if (localMs === null) return false;
    const quarter = QUARTER_MINUTES * 60_000;
    const offsetMinutes = Math.round((localMs - utcMs) / quarter) * QUARTER_MINUTES;
    if (Math.abs(offsetMinutes) > LARGEST_MINUTES) return false;
    if (Math.abs(localMs - utcMs - offsetMinutes * 60_000) > SLACK_MS) return false;
    const run = this.runs.at(-1);
    if (run?.offsetMinutes === offsetMinutes) run.to = stamp;
    else this.runs.push({ offsetMinutes, from: stamp, to: stamp });
    this.last = { localMs, offsetMinutes };
    return true;
  }

  /** For the next file of the same log: the last anchor still counts, the stretches are the file's own. */
  carryOver(): UtcOffsets {
    const next = new UtcOffsets();
    next.last = this.last;
    return next;
  }

  get lastAnchor(): Anchor | null {
    return this.last;
  }

  stretches(): OffsetStretch[] {
    return this.runs.map((run) => ({ utcOffset: offsetText(run.offsetMinutes), from: run.from, to: run.to }));
  }
}

/** The UTC time of a local stamp between the anchors before and after it; null when they do not decide it. */
export function recoverTime(
  stamp: string,
  before: Anchor | null,
  after: Anchor | null,
): RecoveredTime | null {
  const localMs = localTextToMs(stamp);
  if (localMs === null) return null;
  const near = (anchor: Anchor | null, reachMs: number) =>
    anchor !== null && Math.abs(localMs - anchor.localMs) <= reachMs ? anchor : null;
  const agree = before !== null && after !== null && before.offsetMinutes === after.offsetMinutes;
  const alone = (before === null) !== (after === null);
  const chosen = agree
    ? before
    : alone
      ? (near(before, REACH_MS) ?? near(after, REACH_MS))
      : nearer(localMs, near(before, REACH_MS), near(after, REACH_MS));
  if (chosen === null) return null;
  return { occurredAt: toUtc(localMs, chosen.offsetMinutes), utcOffset: offsetText(chosen.offsetMinutes) };
}

function nearer(localMs: number, before: Anchor | null, after: Anchor | null): Anchor | null {
  if (before === null || after === null) return before ?? after;
  return localMs - before.localMs <= after.localMs - localMs ? before : after;
}

/** The instant after `@` in a CSI record or after `Universal Time is:`, ms; null when there is none. */
export function utcStampIn(message: string): number | null {
  const found =
    /^[0-9a-f]{8}@(\d{4})\/(\d{1,2})\/(\d{1,2}):(\d{2}):(\d{2}):(\d{2})\.(\d{3})/i.exec(message) ??
    /^Universal Time is: (\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})\.(\d{3})/.exec(message);
  if (!found) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = found.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}
