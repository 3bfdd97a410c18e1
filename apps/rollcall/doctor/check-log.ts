import type { AdminState } from '#domain/admin.js';
import { TOPIC_PARTITIONS } from '#domain/topics.js';
import type { EventLog } from '#event-log/event-log.js';
import { lagOf } from '../lag/lag-command.js';
import { formatTime } from '../output.js';
import { ok, warning, wrong } from './finding.js';
import type { Finding } from './finding.js';

const DAY_MS = 86_400_000;
const EXPIRES_SOON_MS = 14 * DAY_MS;
/** Made for one piece of work (`rollcall import` makes one of an hour): nobody waits for it to go on. */
const ONE_USE_MS = DAY_MS;
/** Before this no Rollcall existed: a clock that says so is wrong. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);
const MOST_LAG_MESSAGES = 1_000_000;
const LONGEST_WAIT_SECONDS = 5 * 60;

/** Reads the ends of the log, how far the projector's group is behind, and since when. */
export async function checkLag(log: EventLog): Promise<Finding> {
  const items = await lagOf(log);
  const written = items.reduce((sum, { end }) => sum + end, 0);
  const behind = items.reduce((sum, { lag }) => sum + lag, 0);
  const longest = Math.max(0, ...items.map(({ ageSeconds }) => ageSeconds ?? 0));
  const since = longest > LONGEST_WAIT_SECONDS ? `, the oldest since ${Math.round(longest / 60)} min` : '';
  const detail = `${written} messages, ${behind} not yet projected${since}`;
  return behind <= MOST_LAG_MESSAGES && since === ''
    ? ok('event log', detail)
    : warning('event log', detail, 'run it again: if this does not fall, see docs/runbooks/lag-grows.md');
}

/** A clock that jumps back makes arrival times lie; the log's newest records tell. */
export async function checkClock(log: EventLog, nowMs: number): Promise<Finding> {
  const newest = await newestAppendMs(log);
  const shown = formatTime(new Date(nowMs).toISOString());
  if (nowMs < EARLIEST_MS) return wrong('clock', `the clock says ${shown}`, 'set the clock (chrony, ntp)');
  if (newest > nowMs + 60_000) {
    const detail = `the clock says ${shown}, but the log was written at ${formatTime(new Date(newest).toISOString())}`;
    return wrong('clock', detail, 'set the clock: it has gone back');
  }
  return ok('clock', shown);
}

async function newestAppendMs(log: EventLog): Promise<number> {
  let newest = 0;
  for (const topic of ['patch.admin', 'patch.attempts'] as const) {
    const ends = await log.endOffsets(topic);
    for (let partition = 0; partition < TOPIC_PARTITIONS[topic]; partition += 1) {
      const end = ends[partition] ?? 0;
      if (end === 0) continue;
      const [record] = await log.readRange(topic, partition, end - 1, 1);
      newest = Math.max(newest, record?.appendedAtMs ?? 0);
    }
  }
  return newest;
}

export function checkTokens({ banks, credentials }: AdminState, nowMs: number): Finding[] {
  const tokens = [...credentials.values()].filter(
    ({ createdAt, expiresAt }) =>
      expiresAt === null || Date.parse(expiresAt) - Date.parse(createdAt) > ONE_USE_MS,
  );
  const endsBy = (atMs: number) =>
    tokens.filter(({ expiresAt }) => expiresAt !== null && Date.parse(expiresAt) <= atMs);
  const expired = endsBy(nowMs);
  const soon = endsBy(nowMs + EXPIRES_SOON_MS).filter((token) => !expired.includes(token));
  const named = (list: typeof tokens): string =>
    list.map(({ tokenId, bank, expiresAt }) => `${tokenId} of ${bank} (${formatTime(expiresAt)})`).join(', ');
  const renew = 'if a sender or reader still uses it: rollcall token create --bank BANK --scope …';
  const findings: Finding[] = [];
  if (soon.length > 0) findings.push(warning('tokens', `expire within 14 days: ${named(soon)}`, renew));
  if (expired.length > 0)
    findings.push(warning('tokens', `expired: ${named(expired)}`, `${renew}; else rollcall token revoke ID`));
  if (banks.size === 0) findings.push(warning('banks', 'there is no bank yet', 'rollcall bank add BANK'));
  return findings.length > 0
    ? findings
    : [ok('tokens', `tokens: ${tokens.length}, none expires within 14 days`)];
}
