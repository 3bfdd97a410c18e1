import type { Heartbeat } from '#domain/alerts/health-alerts.js';
import type { ReportingSource } from '#attempt-store/attempt-store.js';
import type { EventLog } from '#event-log/event-log.js';
import { PROJECTED_TOPICS } from '../projected-topics.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Who has not been heard of for so long does not "use to report" any more. */
export const KNOWN_FOR_MS = 28 * DAY_MS;
/** One try is not a habit. */
const HABIT_MS = 3 * DAY_MS;
/** Silence up to three times the longest gap of the last 28 days is ordinary … */
const ORDINARY_GAPS = 3;
/** … and so is a day; until two weeks are known, a long weekend. */
const ORDINARY_MS = DAY_MS;
const ORDINARY_AT_FIRST_MS = 3 * DAY_MS;
const LONGEST_ORDINARY_MS = 14 * DAY_MS;
/** A bank with more names than this does not name servers (a sender tags each device, say): they count together. */
const MOST_SERVERS = 100;

/**
 * Heartbeats of banks and their WSUS servers. A server is missing when it is silent while its bank is heard: what fell
 * silent with the whole bank is told once, as the bank. All servers of a bank together stand for those without a name;
 * where servers have names, each speaks for itself.
 */
export function sourceHeartbeats(sources: readonly ReportingSource[], mayRaise: boolean): Heartbeat[] {
  const habits = sources.filter(({ firstMs, lastMs }) => lastMs - firstMs >= HABIT_MS);
  const bankLastMs = new Map(
    sources.filter(({ isWsus }) => !isWsus).map(({ bank, lastMs }) => [bank, lastMs] as const),
  );
  const servers = new Map<string, number>();
  for (const { bank, wsusServer } of habits)
    if (wsusServer !== '') servers.set(bank, (servers.get(bank) ?? 0) + 1);
  return habits.map((source): Heartbeat => {
    const { bank, isWsus, wsusServer, lastMs } = source;
    const named = servers.get(bank) ?? 0;
    const speaksForItself = named > 0 && named <= MOST_SERVERS;
    const allowedMs = allowedSilenceMs(source);
    if (!isWsus)
      return { condition: 'bank_silent', subject: bank, bank, lastWellMs: lastMs, allowedMs, mayRaise };
    const isMissedAlone = (bankLastMs.get(bank) ?? lastMs) - lastMs > allowedMs;
    return {
      condition: 'wsus_silent',
      subject: wsusServer === '' ? bank : `${bank}/${wsusServer}`,
      bank,
      lastWellMs: lastMs,
      allowedMs,
      mayRaise: mayRaise && isMissedAlone && (wsusServer !== '') === speaksForItself,
    };
  });
}

function allowedSilenceMs({ firstMs, lastMs, longestGapHours }: ReportingSource): number {
  const least = lastMs - firstMs < 14 * DAY_MS ? ORDINARY_AT_FIRST_MS : ORDINARY_MS;
  return Math.min(LONGEST_ORDINARY_MS, Math.max(least, ORDINARY_GAPS * longestGapHours * HOUR_MS));
}

/** The projector is as far behind as the oldest message that its group has not committed. */
export async function projectorHeartbeat(log: EventLog, group: string, nowMs: number): Promise<Heartbeat> {
  let oldestMs = nowMs;
  for (const topic of PROJECTED_TOPICS) {
    const ends = await log.endOffsets(topic);
    const committed = await log.committedOffsets(group, topic);
    for (const [partition, end] of ends.entries()) {
      const from = committed[partition] ?? 0;
      if (from >= end) continue;
      const [waiting] = await log.readRange(topic, partition, from, 1);
      oldestMs = Math.min(oldestMs, waiting?.appendedAtMs ?? nowMs);
    }
  }
  return {
    condition: 'projector_behind',
    subject: 'projector',
    bank: null,
    lastWellMs: oldestMs,
    allowedMs: 15 * MINUTE_MS,
    mayRaise: true,
  };
}
