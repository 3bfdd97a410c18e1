import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, RESTART_CODES, SUCCESS } from '../code-text.js';
import { detach } from '../line-splitter.js';
import { CbsEvidence } from './cbs-evidence.js';
import type { PackageChange } from './cbs-evidence.js';
import { tellFacts } from './cbs-facts.js';
import type { CbsRecord, Told } from './cbs-facts.js';
import { cbsReport } from './cbs-report.js';
import type { CbsVerdict } from './cbs-report.js';
import * as said from './cbs-sentences.js';

/** A report whose UTC time is not known yet. */
export interface UntimedReport {
  readonly line: number;
  readonly stamp: string;
  readonly startStamp: string;
  readonly report: AttemptReport;
}

interface HeldVerdict {
  readonly verdict: CbsVerdict;
  readonly evidence: CbsEvidence;
  readonly line: number;
}

/**
 * Follows servicing through a log: a session's execution from `Processing started` to `Processing complete`, and a
 * start-up, which may ask for another one: those are one attempt. Gives a report for each package that gets a verdict.
 */
export class CbsRuns {
  private evidence = new CbsEvidence('loose');
  private held: HeldVerdict | null = null;
  /** A start-up asked for a restart: the next one goes on with its evidence. */
  private restarting = false;
  /** Packages whose session ended well and waits for the restart. */
  private awaiting: CbsVerdict[] = [];
  private readonly ready: UntimedReport[] = [];
  /** WER may write its line after the verdict: that is no second failure. */
  private lastFailedPackage = '';
  /** The log shows whole runs; an excerpt that does not is read as one piece of evidence. */
  private showsRuns = false;

  take(record: CbsRecord): Told {
    const told = this.tell(record);
    if (told === 'understood') {
      this.evidence.lastLine = record.line;
      this.evidence.lastStamp = record.stamp;
      if (this.evidence.startStamp === '') this.evidence.startStamp = record.stamp;
    }
    return told;
  }

  /** Reports that are complete by now. */
  drain(): UntimedReport[] {
    return this.ready.splice(0);
  }

  /** At the end of the log: what waits for a line that never came, and failures whose verdict is cut off. */
  finish(): UntimedReport[] {
    this.release(false);
    const { evidence } = this;
    const werPackage = evidence.wer?.package ?? '';
    const told = werPackage !== '' && werPackage === this.lastFailedPackage;
    const turnedBack =
      evidence.kind === 'startup' && evidence.failedStep !== '' && evidence.rollback !== 'none';
    const unfinished = evidence.wer !== null || turnedBack || (!this.showsRuns && evidence.tellsFailure);
    if (unfinished && !told)
      this.conclude(evidence.wer?.status ?? evidence.failedStep, '', evidence.lastLine, evidence.lastStamp);
    return this.drain();
  }

  /** The next file of a rolled log follows: all goes on; places in the files before count as the new file's beginning. */
  nextFile(): void {
    if (this.held !== null) this.held = { ...this.held, line: 1 };
    this.evidence.moveTo(1);
  }

  private tell(record: CbsRecord): Told {
    const { message } = record;
    switch (message.charCodeAt(0)) {
      case 69: // E
        return this.exec(record);
      case 83: // S
        if (message.startsWith('Startup: ')) return this.startup(record);
        if (message.startsWith('Session: ')) return this.session(message);
        return this.facts(record);
      case 84: // T
        this.release(false);
        this.showsRuns = true;
        return 'routine';
      default:
        return this.facts(record);
    }
  }

  private facts(record: CbsRecord): Told {
    const { held, showsRuns } = this;
    const runs = {
      showsRuns,
      endedSession: held?.verdict.session ?? '',
      endedEvidence: held?.evidence ?? null,
    };
    return tellFacts(record, this.evidence, runs);
  }

  private begin(kind: 'session' | 'startup', stamp: string): void {
    this.release(false);
    this.restarting = false;
    this.evidence = new CbsEvidence(kind);
    this.evidence.startStamp = stamp;
  }

  private exec(record: CbsRecord): Told {
    const { message, stamp, line } = record;
    const started = said.EXEC_STARTED.exec(message);
    if (started) {
      this.showsRuns = true;
      this.begin('session', stamp);
      this.evidence.client = detach(started[1] ?? '');
      return 'understood';
    }
    if (said.EXEC_SESSION_STARTED.test(message)) {
      this.showsRuns = true;
      this.begin('session', stamp);
      return 'repair_session';
    }
    if (said.EXEC_SESSION_DONE.test(message)) {
      this.evidence = new CbsEvidence('loose');
      return 'repair_session';
    }
    const done = said.EXEC_DONE.exec(message);
    if (!done) return 'routine';
    this.release(false);
    const [, session = '', identity = '', identifier = '', hresult = ''] = done.map(
      (part: string | undefined) => detach(part ?? ''),
    );
    const name = said.packageName(identity);
    const { evidence } = this;
    const change = evidence.changes.find((one) => one.package === name) ?? evidence.changes.at(-1);
    const verdict: CbsVerdict = {
      session,
      package: name,
      identifier,
      hresult: resultCode(hresult),
      rebootRequired: false,
      startState: change?.original ?? '',
      targetState: change?.target ?? '',
      failureSource: change?.failureSource ?? '',
      stamp,
      text: detach(message.slice(0, 600)),
    };
    this.showsRuns = true;
    this.held = { verdict, evidence, line };
    this.evidence = new CbsEvidence('loose');
    return 'understood';
  }

  private session(message: string): Told {
    if (message.includes(' initialized by client ')) this.showsRuns = true;
    const finalized = said.SESSION_FINALIZED.exec(message);
    if (!finalized || finalized[1] !== this.held?.verdict.session) return 'routine';
    this.release(finalized[2]?.toLowerCase() === 'yes');
    return 'understood';
  }

  /** The end of a session may still say that a restart is needed; only then its verdict is given. */
  private release(rebootRequired: boolean): void {
    if (this.held === null) return;
    const { evidence, line } = this.held;
    const verdict = { ...this.held.verdict, rebootRequired };
    this.held = null;
    const waits = RESTART_CODES.has(verdict.hresult) || (verdict.hresult === SUCCESS && rebootRequired);
    if (waits && this.awaiting.length < 500) this.awaiting.push(verdict);
    this.give(verdict, evidence, line);
  }

  private startup(record: CbsRecord): Told {
    const { message, stamp, line } = record;
    if (this.evidence.kind !== 'startup' && !said.STARTUP_AFTERMATH.test(message)) {
      const loose = this.evidence.kind === 'loose' && !this.showsRuns ? this.evidence : null;
      this.begin('startup', stamp);
      if (loose?.tellsFailure) this.evidence = Object.assign(loose, { kind: 'startup' });
    }
    const { evidence } = this;
    const done = said.STARTUP_DONE.exec(message)?.[1];
    if (done !== undefined) return this.startupDone(resultCode(done), line, stamp, message);
    const current = said.STARTUP_STATE.exec(message)?.[1];
    if (current?.includes('InitiateRollback')) evidence.rollbackSeen('underway');
    if (current !== undefined) return 'understood';
    const code = said.HRESULT_TAIL.exec(message)?.[1];
    if (/rollback|rolled back|rolling back/i.test(message)) {
      evidence.rollbackSeen(/Rolling back/i.test(message) ? 'underway' : 'announced');
    } else if (code === undefined) return 'routine';
    if (code !== undefined && code !== SUCCESS && message.startsWith('Startup: Failed'))
      evidence.failedStep = code.toLowerCase();
    evidence.keep(message);
    return 'understood';
  }

  private startupDone(hresult: string, line: number, stamp: string, text: string): Told {
    if (RESTART_CODES.has(hresult)) {
      this.restarting = true;
      return 'understood';
    }
    const { evidence } = this;
    const failed =
      hresult !== SUCCESS ||
      evidence.wer !== null ||
      evidence.changes.some(({ status }) => status !== SUCCESS);
    if (
      failed &&
      (evidence.rollback === 'underway' || (this.restarting && evidence.rollback === 'announced'))
    ) {
      evidence.rollbackSeen('completed');
    }
    this.conclude(hresult, text, line, stamp);
    this.restarting = false;
    this.awaiting = [];
    this.evidence = new CbsEvidence('loose');
    return 'understood';
  }

  /** A verdict on all packages of a start-up: those reported changed, else the one WER names, else those that waited. */
  private conclude(hresult: string, text: string, line: number, stamp: string): void {
    const { evidence } = this;
    const blank = {
      session: 'startup',
      package: '',
      identifier: '',
      rebootRequired: false,
      startState: '',
      targetState: '',
      failureSource: '',
    };
    const verdict = { ...blank, hresult, stamp, text: detach(text.slice(0, 600)) };
    const changes = evidence.kind === 'startup' ? evidence.changes.filter(isWhole) : [];
    if (changes.length > 0) {
      for (const change of changes) this.give(verdictOf(change, verdict), evidence, change.line);
    } else if (evidence.wer !== null) {
      const code = hresult === SUCCESS || hresult === '' ? evidence.wer.status : hresult;
      this.give({ ...verdict, package: evidence.wer.package, hresult: code }, evidence, evidence.wer.line);
    } else if (evidence.kind === 'startup' && this.awaiting.length > 0) {
      for (const waited of this.awaiting)
        this.give(
          {
            ...waited,
            ...verdict,
            package: waited.package,
            identifier: waited.identifier,
            session: waited.session,
          },
          evidence,
          line,
        );
    } else if (hresult !== SUCCESS) this.give(verdict, evidence, line);
  }

  /** The KB that a package's session named holds for its start-up too. */
  private give(verdict: CbsVerdict, evidence: CbsEvidence, line: number): void {
    const waited = this.awaiting.find((one) => one.package === verdict.package && one.package !== '');
    const named =
      verdict.identifier === '' && waited ? { ...verdict, identifier: waited.identifier } : verdict;
    const report = cbsReport(named, evidence);
    const failed = report.outcome === 'failed' || report.outcome === 'rolled_back';
    this.lastFailedPackage = failed ? verdict.package : '';
    this.ready.push({ line, stamp: verdict.stamp, startStamp: evidence.startStamp, report });
  }
}

/** S_FALSE is a success: there was nothing to do. */
function resultCode(text: string): string {
  const code = codeOf(text) ?? '';
  return code === '0x00000001' ? SUCCESS : code;
}

/** Parts of an update (`Package_1_for_KB…`) are told by the whole. */
const isWhole = (change: PackageChange) => !/^Package_\d+_for_/i.test(change.package);

function verdictOf(change: PackageChange, verdict: CbsVerdict): CbsVerdict {
  return {
    ...verdict,
    package: change.package,
    hresult:
      change.status === SUCCESS && verdict.hresult !== SUCCESS && change.current !== change.target
        ? verdict.hresult
        : change.status,
    startState: change.original,
    targetState: change.target,
    failureSource: change.failureSource,
  };
}
