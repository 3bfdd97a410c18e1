import type { AttemptReport } from '#domain/attempt-event.js';
import { localTextToMs } from '../local-time.js';
import type { ReadingAccount } from '../reading-account.js';

/** The failure that evidence was asked for. What is not known is null. */
export interface EvidenceWanted {
  readonly deviceName: string | null;
  readonly kb: string | null;
  /** When the attempt failed, UTC. */
  readonly failedAt: string | null;
}

/** What was read from the evidence sent. */
export interface EvidenceSeen {
  readonly accounts: readonly ReadingAccount[];
  readonly reports: readonly AttemptReport[];
  /** Version of the tool that collected it; null = collected by hand. */
  readonly toolVersion: string | null;
  /** Files that were damaged, encrypted or could not be unpacked. */
  readonly unreadableFiles: number;
}

export const GATE_REASONS = [
  'wrong_device',
  'succeeded_here',
  'does_not_cover_failure',
  'log_overwritten',
  'tool_too_old',
  'corrupt',
] as const;
export type GateReason = (typeof GATE_REASONS)[number];

export interface GateVerdict {
  readonly accepted: boolean;
  readonly reasons: readonly { readonly code: GateReason; readonly zh: string; readonly en: string }[];
}

/** Collectors before this one did not copy CbsPersist files. */
const OLDEST_TOOL = [1, 0, 0] as const;
/** Local time that the log does not place is somewhere within this of UTC. */
const UNPLACED_MS = 14 * 3_600_000;
const NEAR_MS = 24 * 3_600_000;

/** What to collect instead, for each reason. */
const SENTENCES: Readonly<Record<GateReason, { readonly zh: string; readonly en: string }>> = {
  wrong_device: {
    zh: '日志来自另一台设备。请在发生故障的设备上重新收集。',
    en: 'The logs are of another device. Collect them again on the device that failed.',
  },
  succeeded_here: {
    zh: '日志显示该更新已在此设备上安装成功。请从仍然失败的设备收集日志。',
    en: 'In these logs the update was installed. Collect from a device on which it still fails.',
  },
  does_not_cover_failure: {
    zh: '日志的时间范围不包含故障发生的时间。请收集涵盖该时间的 CBS 日志（包括 CbsPersist 文件）和事件日志。',
    en: 'The logs do not cover the time of the failure. Collect CBS logs (with the CbsPersist files) and event logs of that time.',
  },
  log_overwritten: {
    zh: '故障时间的日志已被覆盖。请再次安装该更新，失败后立即收集日志。',
    en: 'The log of the time of the failure was overwritten. Install the update again and collect at once when it fails.',
  },
  tool_too_old: {
    zh: '收集工具版本过旧。请使用当前版本的工具重新收集。',
    en: 'The collecting tool is too old. Collect again with the current one.',
  },
  corrupt: {
    zh: '文件已损坏、已加密或不是可识别的日志。请重新收集，并以未加密的 zip 文件发送。',
    en: 'The files are damaged, encrypted or no logs that are known. Collect again and send them as a zip file without a password.',
  },
};

/**
 * Whether evidence is of use for one failed attempt, at once and with all reasons why not. What the evidence does not say
 * is never held against it: logs that name no device pass as far as the device goes.
 */
export function judgeEvidence(wanted: EvidenceWanted, seen: EvidenceSeen): GateVerdict {
  const reasons = new Set<GateReason>();
  if (isCorrupt(seen)) reasons.add('corrupt');
  if (isTooOld(seen.toolVersion)) reasons.add('tool_too_old');
  if (isOfOtherDevice(wanted, seen)) reasons.add('wrong_device');
  if (succeededHere(wanted, seen)) reasons.add('succeeded_here');
  const coverage = reasons.has('corrupt') ? null : coverageReason(wanted, seen);
  if (coverage !== null) reasons.add(coverage);
  const told = GATE_REASONS.filter((code) => reasons.has(code)).map((code) => ({ code, ...SENTENCES[code] }));
  return { accepted: told.length === 0, reasons: told };
}

/** Nothing could be read, or most of what should be a log could not be understood. */
function isCorrupt({ accounts, unreadableFiles }: EvidenceSeen): boolean {
  const known = accounts.filter(({ format }) => format !== 'unknown');
  if (known.length === 0) return true;
  const records = known.reduce((sum, account) => sum + account.records, 0);
  const lost = known.reduce((sum, account) => sum + account.notUnderstood, 0);
  return records === 0 || lost * 2 > records || unreadableFiles > known.length;
}

function isTooOld(version: string | null): boolean {
  const found = /^(\d+)\.(\d+)\.(\d+)/.exec(version ?? '');
  if (!found) return false;
  for (const [at, oldest] of OLDEST_TOOL.entries()) {
    const own = Number(found[at + 1]);
    if (own !== oldest) return own < oldest;
  }
  return false;
}

const firstLabel = (name: string): string => (name.split('.')[0] ?? '').normalize('NFC').toLowerCase();

function isOfOtherDevice({ deviceName }: EvidenceWanted, { reports }: EvidenceSeen): boolean {
  if (deviceName === null) return false;
  const named = reports.flatMap((report) =>
    report.deviceName === undefined ? [] : [firstLabel(report.deviceName)],
  );
  return named.length > 0 && !named.includes(firstLabel(deviceName));
}

const isFailure = ({ outcome }: AttemptReport): boolean => outcome === 'failed' || outcome === 'rolled_back';

/** The newest word of these logs about the KB is a success, and nothing in them says that it failed at the time asked for. */
function succeededHere({ kb, failedAt }: EvidenceWanted, { reports }: EvidenceSeen): boolean {
  if (kb === null) return false;
  const told = reports
    .filter((report) => report.targetKb === kb && report.operation !== 'uninstall')
    .filter((report) => report.outcome === 'succeeded' || isFailure(report));
  if (!told.some(({ outcome }) => outcome === 'succeeded')) return false;
  const timed = told.filter(({ occurredAt }) => typeof occurredAt === 'string');
  if (timed.length < told.length) return !told.some(isFailure);
  const newest = timed.reduce((best, report) =>
    (report.occurredAt ?? '') > (best.occurredAt ?? '') ? report : best,
  );
  return newest.outcome === 'succeeded' && (failedAt === null || (newest.occurredAt ?? '') >= failedAt);
}

function coverageReason(
  { failedAt, kb }: EvidenceWanted,
  { accounts, reports }: EvidenceSeen,
): 'does_not_cover_failure' | 'log_overwritten' | null {
  if (failedAt === null) return null;
  const atMs = Date.parse(failedAt);
  if (Number.isNaN(atMs)) return null;
  const failures = reports.filter((report) => isFailure(report) && (kb === null || report.targetKb === kb));
  if (failures.some(({ occurredAt }) => typeof occurredAt !== 'string' || isNear(occurredAt, atMs)))
    return null;
  const spans = accounts.map(spanOf).filter((span) => span !== null);
  if (spans.length === 0) return null;
  if (spans.some(({ fromMs, toMs }) => fromMs <= atMs && atMs <= toMs)) return null;
  return spans.every(({ fromMs }) => fromMs > atMs) ? 'log_overwritten' : 'does_not_cover_failure';
}

/** A failure is seldom reported to the minute; retries of a day later show the same cause. */
const isNear = (occurredAt: string, atMs: number): boolean =>
  Math.abs(Date.parse(occurredAt) - atMs) <= NEAR_MS;

/** The time an account covers, as wide as its times leave open. */
function spanOf({
  from,
  to,
  offsets,
}: ReadingAccount): { readonly fromMs: number; readonly toMs: number } | null {
  if (from === null || to === null) return null;
  const placed = from.endsWith('Z');
  const [fromMs, toMs] = [from, to].map((text) => (placed ? Date.parse(text) : localTextToMs(text)));
  if (fromMs === undefined || toMs === undefined || fromMs === null || toMs === null) return null;
  if (placed) return { fromMs, toMs };
  const minutes = offsets.map(({ utcOffset }) => minutesOf(utcOffset));
  const east = minutes.length === 0 ? UNPLACED_MS : Math.max(...minutes) * 60_000;
  const west = minutes.length === 0 ? -UNPLACED_MS : Math.min(...minutes) * 60_000;
  return { fromMs: fromMs - east, toMs: toMs - west };
}

function minutesOf(offset: string): number {
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -1 : 1);
}
