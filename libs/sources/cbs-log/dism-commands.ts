import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, RESTART_CODES } from '../code-text.js';
import { excerptOf } from '../excerpt.js';
import { detach } from '../line-splitter.js';
import { READER_VERSION } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import type { CbsRecord, Told } from './cbs-facts.js';
import type { UntimedReport } from './cbs-runs.js';

const COMMAND = /Executing command line: (.{1,4000})/;
const ERROR = /^DISM(?:\.EXE)?:? .*\(hr:0x(?!0{8})[0-9a-f]{8}\)/i;
const FAILED =
  /^DISM\.EXE: DISM Package Manager processed the command line but failed\. HRESULT=([0-9a-f]{8})/i;
const CLOSED = /^DISM\.EXE: Image session has been closed\. Reboot required=(yes|no)/i;
const KEPT_LINES = 8;

interface OpenCommand {
  readonly stamp: string;
  readonly kb: string;
  readonly operation: 'install' | 'uninstall';
  readonly lines: string[];
  hresult: string;
}

/**
 * Follows dism.exe through its log: a command line that adds or removes the package of a KB, the result that the package
 * manager gives, the end of the session with the restart it needs. A session whose end is missing gives no verdict unless
 * it had failed.
 */
export class DismCommands {
  private open: OpenCommand | null = null;
  private readonly ready: UntimedReport[] = [];

  take(record: CbsRecord): Told {
    const { message, stamp, line } = record;
    const command = COMMAND.exec(message)?.[1];
    if (message.includes('Starting Dism.exe session') || command !== undefined) {
      this.open = null;
      const kb = command === undefined ? undefined : kbIn(command);
      const verb = /[/-](add|remove)-package\b/i.exec(command ?? '')?.[1]?.toLowerCase();
      if (kb === undefined || verb === undefined) return 'routine';
      const operation = verb === 'add' ? 'install' : 'uninstall';
      this.open = {
        stamp: detach(stamp),
        kb,
        operation,
        lines: [detach(command?.slice(0, 600) ?? '')],
        hresult: '',
      };
      return 'understood';
    }
    const { open } = this;
    if (open === null) return 'routine';
    if (ERROR.test(message) && open.lines.length < KEPT_LINES) open.lines.push(detach(message.slice(0, 600)));
    const failed = codeOf(FAILED.exec(message)?.[1] ?? '');
    if (failed !== undefined) {
      open.hresult = failed;
      open.lines.push(detach(message.slice(0, 600)));
      this.conclude(open, RESTART_CODES.has(failed) ? 'pending_reboot' : 'failed', line, stamp);
      return 'understood';
    }
    const restart = CLOSED.exec(message)?.[1]?.toLowerCase();
    if (restart === undefined) return 'routine';
    this.conclude(open, restart === 'yes' ? 'pending_reboot' : 'succeeded', line, stamp);
    return 'understood';
  }

  /** Reports that are complete by now. */
  drain(): UntimedReport[] {
    return this.ready.splice(0);
  }

  private conclude(open: OpenCommand, outcome: AttemptReport['outcome'], line: number, stamp: string): void {
    this.open = null;
    this.ready.push({
      line,
      stamp,
      startStamp: open.stamp,
      report: {
        source: 'dism_log',
        naturalKey: { kind: 'cbs', session: 'dism', package: open.kb, timeText: stamp },
        operation: open.operation,
        targetKb: open.kb,
        channel: 'dism',
        outcome,
        ...(open.hresult !== '' && { hresult: open.hresult }),
        ...(outcome === 'failed' && { excerpt: excerptOf(open.lines) }),
        parser: { name: 'dism-log', version: READER_VERSION },
      },
    });
  }
}
