import type { AttemptEvent } from './attempt-event.js';
import { isPlaceholderKb, kbOfPackage } from './kb/kb-catalogue.js';
import { normaliseUpdateId } from './kb/kb-links.js';
import { isPlausible } from './plausible-time.js';
import type { InnerError, Report } from './report.js';
import { stageOf } from './stage.js';
import type { Operation } from './words.js';

const NO_ERRORS: readonly InnerError[] = [];
/** How sources write the CBS state Absent: name, registry value, number in Servicing events. */
const ABSENT: ReadonlySet<string> = new Set(['absent', '0x0', '5000']);

/**
 * A stored event in the form the rules read. Pure and total: the same event gives the same report.
 * @param copyHash which copy of the observation it is (`copyHashOf` of the message)
 */
export function toReport(event: AttemptEvent, copyHash: string): Report {
  const receivedAtMs = arrivalMs(event.receivedAt);
  const occurred = readTime(event.occurredAt, receivedAtMs);
  const started = event.startedAt === event.occurredAt ? occurred : readTime(event.startedAt, receivedAtMs);
  const ended = event.endedAt === event.occurredAt ? occurred : readTime(event.endedAt, receivedAtMs);
  return {
    eventId: event.eventId,
    bank: event.bank,
    deviceKey: event.deviceKey,
    kbKey: kbKeyOf(event),
    receivedAtMs,
    copyHash,
    parserVersion: event.parser?.version ?? '',
    evidenceCount: countEvidence(event),
    source: event.source ?? 'unknown',
    operation: operationOf(event),
    outcome: event.outcome,
    occurredAtMs: plausible(occurred),
    startedAtMs: plausible(started),
    endedAtMs: plausible(ended),
    timeImplausible: occurred === 'implausible' || started === 'implausible' || ended === 'implausible',
    stage: stageOf(event),
    rollback: event.rollback ?? 'unknown',
    hresult: event.hresult ?? '',
    reportedHresult: event.reportedHresult ?? '',
    innerErrors: event.innerErrors ?? NO_ERRORS,
    failureSource: event.failureSource ?? '',
    failingObject: event.failingObject ?? null,
    osBuild: event.osBuild ?? '',
    osBuildAfter: event.osBuildAfter ?? '',
    osInstance: event.osInstance ?? '',
    channel: event.channel ?? 'unknown',
    branch: event.branch ?? '',
    upgradedFrom: event.upgradedFrom ?? '',
    updateId: event.updateId === undefined ? '' : normaliseUpdateId(event.updateId),
    updateRevision: event.updateRevision ?? 0,
    packageIdentity: event.packageIdentity ?? '',
    deliveryMode: event.deliveryMode ?? 'unknown',
  };
}

/**
 * What the report itself says it is about (contract.md §3): its KB, else the KB of its package, else its update,
 * else its package. The numbers CBS gives to packages without a KB count as none.
 */
function kbKeyOf({ targetKb, packageIdentity, updateId, updateRevision }: AttemptEvent): string {
  if (targetKb !== undefined && !isPlaceholderKb(targetKb)) return targetKb;
  const packageKb = packageIdentity === undefined ? null : kbOfPackage(packageIdentity);
  if (packageKb !== null) return packageKb;
  if (updateId !== undefined) return `update:${normaliseUpdateId(updateId)}.${updateRevision ?? 0}`;
  return `package:${packageIdentity ?? 'unknown'}`;
}

/** Target Absent is an uninstall – unless the package was absent before, as a failed on-demand install ends (real CBS logs). */
function operationOf({ operation, packageStartState, packageTargetState }: AttemptEvent): Operation {
  if (operation !== undefined && operation !== 'unknown') return operation;
  return isAbsent(packageTargetState) && !isAbsent(packageStartState) ? 'uninstall' : 'unknown';
}

const isAbsent = (state: string | undefined): boolean =>
  state !== undefined && ABSENT.has(state.toLowerCase());

function countEvidence(event: AttemptEvent): number {
  let known = 0;
  if (event.hresult !== undefined) known += 1;
  if (event.reportedHresult !== undefined) known += 1;
  if (event.originalFailureStatus !== undefined) known += 1;
  if (event.innerErrors !== undefined && event.innerErrors.length > 0) known += 1;
  if (event.failureSource !== undefined) known += 1;
  if (event.lastForwardExecuteState !== undefined) known += 1;
  if (event.executeStateFlags !== undefined && event.executeStateFlags.length > 0) known += 1;
  if (event.failingObject !== undefined) known += 1;
  if (event.packageIdentity !== undefined) known += 1;
  if (event.packageStartState !== undefined) known += 1;
  if (event.packageTargetState !== undefined) known += 1;
  if (event.stage !== undefined && event.stage !== 'unknown') known += 1;
  if (event.excerpt !== undefined && event.excerpt.length > 0) known += 1;
  return known;
}

let lastArrival = { text: '', ms: NaN };

/** All reports of a request were received at one time: it is read once. */
function arrivalMs(text: string): number {
  if (text !== lastArrival.text) lastArrival = { text, ms: Date.parse(text) };
  return lastArrival.ms;
}

type ReadTime = number | 'implausible' | null;

function readTime(written: string | null | undefined, receivedAtMs: number): ReadTime {
  if (written === null || written === undefined) return null;
  const ms = Date.parse(written);
  return isPlausible(ms, receivedAtMs) ? ms : 'implausible';
}

const plausible = (time: ReadTime): number | null => (time === 'implausible' ? null : time);
