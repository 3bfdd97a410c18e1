import type { InnerError } from '#domain/report.js';
import { codeOf, errorKey, innerErrorIn, RESTART_CODES, SUCCESS } from '../code-text.js';
import { detach } from '../line-splitter.js';
import { failingPathIn } from './failing-path.js';
import type { FailingObjectFound } from './failing-path.js';

/** `WER: Generating failure report for package: …`: the only record that names package, code and failure source together. */
export interface WerReport {
  readonly package: string;
  readonly status: string;
  readonly failureSource: string;
  readonly startState: string;
  readonly targetState: string;
  readonly client: string;
  readonly stamp: string;
  readonly line: number;
}

export interface PackageChange {
  readonly package: string;
  readonly original: string;
  readonly target: string;
  readonly current: string;
  readonly status: string;
  readonly failureSource: string;
  readonly line: number;
  readonly stamp: string;
}

/** How far a rollback went by what the log says: ordered, seen running, seen ended. */
export type RollbackSeen = 'none' | 'announced' | 'underway' | 'completed';
const ROLLBACK_RANK: Readonly<Record<RollbackSeen, number>> = {
  none: 0,
  announced: 1,
  underway: 2,
  completed: 3,
};

const KEPT_LINES = 24;
const KEPT_CHANGES = 2_000;
const KEPT_ERRORS = 8;

/** What one run of servicing (a session's execution, or a start-up and the restart it asks for) tells before its verdict. */
export class CbsEvidence {
  startStamp = '';
  client = '';
  intendedState = '';
  /** The component that the installer queue works on. */
  componentOfInstaller = '';
  failureSource = '';
  originalFailureStatus = '';
  lastForwardExecuteState = '';
  rollback: RollbackSeen = 'none';
  failingObject: FailingObjectFound | null = null;
  wer: WerReport | null = null;
  lastLine = 0;
  lastStamp = '';
  /** The code of the last step that ended the run, from `Failed … [HRESULT = …]` of the start-up itself. */
  failedStep = '';
  /** The state named a rollback before anything failed: older stacks set it as what is to be done if the work dies. */
  private isFallback = false;
  readonly innerErrors: InnerError[] = [];
  readonly executeStateFlags: string[] = [];
  readonly changes: PackageChange[] = [];
  readonly lines: string[] = [];

  constructor(readonly kind: 'session' | 'startup' | 'loose') {}

  get tellsFailure(): boolean {
    return (
      this.wer !== null || this.innerErrors.length > 0 || this.failedStep !== '' || this.rollback !== 'none'
    );
  }

  /** Puts all that was found so far at one line, because its own lines are in another file. */
  moveTo(line: number): void {
    if (this.wer !== null) this.wer = { ...this.wer, line };
    this.changes.splice(0, this.changes.length, ...this.changes.map((change) => ({ ...change, line })));
    this.lastLine = line;
  }

  keep(text: string): void {
    if (this.lines.length < KEPT_LINES) this.lines.push(detach(text.slice(0, 2_000)));
  }

  change(found: PackageChange): void {
    if (this.changes.length < KEPT_CHANGES) this.changes.push(found);
  }

  rollbackSeen(seen: RollbackSeen): void {
    this.isFallback = false;
    if (ROLLBACK_RANK[seen] > ROLLBACK_RANK[this.rollback]) this.rollback = seen;
  }

  error(error: InnerError | undefined): void {
    if (!error || error.code === SUCCESS || this.innerErrors.length >= KEPT_ERRORS) return;
    if (RESTART_CODES.has(errorKey(error))) return;
    const at = this.innerErrors.findIndex((known) => errorKey(known) === errorKey(error));
    const known = this.innerErrors[at];
    if (known === undefined) this.innerErrors.push(error);
    else if (known.origin === undefined && error.origin !== undefined)
      this.innerErrors[at] = { ...known, origin: error.origin };
  }

  /** The first object named is nearest to the cause; a later one only replaces an installer's mere name. */
  object(found: FailingObjectFound): void {
    if (
      this.failingObject === null ||
      (this.failingObject.type === 'installer' && found.type !== 'installer')
    ) {
      this.failingObject = found;
    }
  }

  states(text: string): void {
    for (const word of text.split(/[|,]/)) {
      const state = /^\s*((?:Cbs)?ExecuteState\w+)/.exec(word)?.[1];
      if (state === 'ExecuteStateNone' && this.isFallback) this.withdrawFallback();
      if (state === undefined || state === 'ExecuteStateNone' || state === 'CbsExecuteStateComplete')
        continue;
      if (state.includes('InitiateRollback') && this.rollback === 'none') {
        this.rollback = 'announced';
        this.isFallback = true;
      }
      if (!this.executeStateFlags.includes(state) && this.executeStateFlags.length < 16) {
        this.executeStateFlags.push(detach(state));
      }
    }
  }

  private withdrawFallback(): void {
    this.isFallback = false;
    this.rollback = 'none';
    this.executeStateFlags.length = 0;
  }

  /** A CSI record marked `(F)`: the first one is the innermost, later ones only pass it on. */
  csiFailure(text: string): void {
    const store = /mark store corrupt with category \[[^\]]*\]'([^']{1,80})'/.exec(text)?.[1];
    if (store !== undefined) {
      this.object({ type: 'component', name: `component store (${detach(store)})` });
      this.keep(text);
      return;
    }
    const body = text.slice(text.indexOf('(F)') + 3);
    const code = leadingCode(body);
    const error = code === undefined ? undefined : innerErrorIn(`${code} ${gleOf(body)}`);
    if (!error) return;
    const path = failingPathIn(body);
    if (path && this.innerErrors.length === 0) this.object(path);
    this.error(error);
    this.keep(text);
  }

  /** `INSTALL index: 194, phase: 2, result 13, inf: mshdc.inf`: the result is a decimal win32 error. */
  driver(result: string, inf: string, text: string): void {
    const value = Number(result);
    if (!Number.isInteger(value) || value === 0 || value > 0xffffffff) return;
    const code = `0x${value.toString(16).padStart(8, '0')}`;
    this.error({ code, kind: value > 0xffff ? 'hresult' : 'win32', origin: detach(inf) });
    this.object({ type: 'inf', name: detach(inf) });
    this.keep(text);
  }

  /** `ErrorCode: 800706d9` of the installers' error summary; printed twice. */
  installer(name: string, code: string, component: string | undefined, text: string): void {
    const known = codeOf(code);
    if (known !== undefined && known !== SUCCESS)
      this.error({ code: known, kind: 'hresult', origin: detach(`advanced installer ${name}`) });
    if (component !== undefined && component !== 'NONE')
      this.object({ type: 'component', name: detach(component) });
    else this.object({ type: 'installer', name: detach(name) });
    this.keep(text);
  }
}

/**
 * The code a CSI failure begins with: `STATUS_… #id# from`, `…: Error STATUS_… originated`, `HRESULT_FROM_WIN32(…) #id#`; a
 * status without a name is its number and what it consists of (`80092004 [Warning,Facility=…]`).
 */
function leadingCode(body: string): string | undefined {
  const [, word, number] =
    /^\s*(?:((?:HRESULT|NTSTATUS)_FROM_WIN32\(\w+\)|STATUS_[A-Z0-9_]+|0x[0-9a-f]{8})|([0-9a-f]{8}) \[[^\]]{1,120}\])\s+#/i.exec(
      body,
    ) ??
    /: Error (?:((?:HRESULT|NTSTATUS)_FROM_WIN32\(\w+\)|STATUS_[A-Z0-9_]+|0x[0-9a-f]{8})|([0-9a-f]{8}) \[[^\]]{1,120}\]) originated/i.exec(
      body,
    ) ??
    [];
  return word ?? (number === undefined ? undefined : `0x${number}`);
}

const gleOf = (body: string) => /\[gle=0x[0-9a-f]{8}\]/i.exec(body)?.[0] ?? '';
