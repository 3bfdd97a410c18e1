import { codeOf, innerErrorIn, SUCCESS } from '../code-text.js';
import { detach } from '../line-splitter.js';
import type { CbsEvidence } from './cbs-evidence.js';
import * as said from './cbs-sentences.js';

/** A whole record: its message with the continuation lines. */
export interface CbsRecord {
  readonly line: number;
  readonly stamp: string;
  readonly message: string;
}

/** What became of a record: used, of a repair session, or of no use for an attempt. */
export type Told = 'understood' | 'repair_session' | 'routine';

/** What the log showed so far of the runs around a fact. */
export interface RunsSeen {
  /** False for an excerpt without whole runs. */
  readonly showsRuns: boolean;
  /** The session that just ended and waits for its last line. */
  readonly endedSession: string;
  readonly endedEvidence: CbsEvidence | null;
}

/** Adds to the evidence what one record says that is no boundary of a run. */
export function tellFacts(record: CbsRecord, evidence: CbsEvidence, runs: RunsSeen): Told {
  return record.message.startsWith('Set') ? states(record, evidence, runs) : packages(record, evidence, runs);
}

function states(record: CbsRecord, evidence: CbsEvidence, runs: RunsSeen): Told {
  const state = said.STATE_SET.exec(record.message)?.[1];
  if (state !== undefined) {
    evidence.states(state);
    return 'understood';
  }
  return original(record.message, evidence, runs);
}

/** Not a verdict: a log sets one and its next start ends well. */
function original(message: string, evidence: CbsEvidence, { showsRuns }: RunsSeen): Told {
  const found = said.ORIGINAL_STATUS.exec(message);
  if (!found) return 'routine';
  const [, verb = '', status = '', state = ''] = found;
  const code = codeOf(status) ?? SUCCESS;
  evidence.lastForwardExecuteState = detach(state);
  if (code === SUCCESS) return 'understood';
  evidence.originalFailureStatus = code;
  if (verb === 'Setting' || !showsRuns) evidence.failedStep = code;
  evidence.keep(message);
  return 'understood';
}

function packages(record: CbsRecord, evidence: CbsEvidence, runs: RunsSeen): Told {
  const { message, line, stamp } = record;
  const wer = said.WER.exec(message);
  if (wer) {
    const [, identity = '', status = '', failureSource = '', startState = '', targetState = '', client = ''] =
      wer.map((part: string | undefined) => detach(part ?? ''));
    evidence.wer = {
      package: said.packageName(identity),
      status: codeOf(status) ?? '',
      failureSource,
      startState,
      targetState,
      client,
      line,
      stamp,
    };
    evidence.keep(message);
    return 'understood';
  }
  const change = said.PACKAGE_CHANGE.exec(message);
  if (change) {
    const [, identity = '', current = '', original = '', target = '', status = '', failureSource = ''] =
      change.map((part: string | undefined) => detach(part ?? ''));
    evidence.change({
      package: said.packageName(identity),
      current,
      original,
      target,
      status: codeOf(status) ?? '',
      failureSource,
      line,
      stamp,
    });
    return 'understood';
  }
  const feature = said.FEATURE_CHANGE.exec(message);
  if (feature) {
    if (codeOf(feature[2] ?? '') === SUCCESS) return 'routine';
    evidence.object({ type: 'component', name: detach(feature[1] ?? '') });
    return 'understood';
  }
  const capability = said.CAPABILITY.exec(message);
  if (capability) {
    const ended = runs.endedSession === capability[2] ? runs.endedEvidence : null;
    (ended ?? evidence).intendedState = detach(capability[1] ?? '');
    return 'understood';
  }
  if (message.startsWith('Retrieved original')) return original(message, evidence, runs);
  return failures(message, evidence);
}

function failures(message: string, evidence: CbsEvidence): Told {
  const driver = said.DRIVER_RESULT.exec(message);
  const installer = said.INSTALLER_ERROR.exec(message);
  const queued = said.QUEUE_ITEM_FAILED.exec(message);
  const component = said.NEW_COMPONENT.exec(message)?.[1];
  const container = said.CONTAINER_LAYER.exec(message)?.[1];
  if (driver) evidence.driver(driver[1] ?? '', driver[2] ?? '', message);
  else if (queued) {
    const [, name = '', code = '', ignored = ''] = queued;
    if (ignored !== 'not ') return 'understood';
    evidence.error(innerErrorIn(code, detach(`advanced installer ${name}`)));
    const known = evidence.componentOfInstaller;
    evidence.object(
      known === '' ? { type: 'installer', name: detach(name) } : { type: 'component', name: known },
    );
    if (message.includes('A rollback will be initiated')) evidence.rollbackSeen('announced');
    evidence.keep(message);
  } else if (installer) evidence.installer(installer[1] ?? '', installer[2] ?? '', installer[3], message);
  else if (message.includes('Begin executing advanced installer')) {
    evidence.componentOfInstaller =
      component === undefined || component === '(null)' ? '' : detach(component);
  } else if (container !== undefined) {
    evidence.object({ type: 'component', name: detach(container) });
    evidence.keep(message);
  } else if (message.includes('(F) CMIADAPTER: Inner Error')) {
    evidence.error(innerErrorIn(message));
    evidence.keep(message);
  } else if (message.includes('(F)')) evidence.csiFailure(message);
  else return steps(message, evidence);
  return 'understood';
}

function steps(message: string, evidence: CbsEvidence): Told {
  if (said.PROGRESS_ROLLBACK.test(message)) {
    evidence.rollbackSeen('underway');
    return 'understood';
  }
  const code = said.HRESULT_TAIL.exec(message)?.[1]?.toLowerCase();
  if (code === undefined || code === SUCCESS) return 'routine';
  if (message.includes('driver operation'))
    evidence.object({ type: 'unknown', name: 'driver operations queue' });
  if (said.FATAL_STEP.test(message)) evidence.failedStep = code;
  evidence.keep(message);
  return 'understood';
}
