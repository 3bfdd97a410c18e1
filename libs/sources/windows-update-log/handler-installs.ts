import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, SUCCESS } from '../code-text.js';
import { excerptOf } from '../excerpt.js';
import { detach } from '../line-splitter.js';
import { READER_VERSION } from '../source-reader.js';
import type { FoundReport } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import { resultOf } from './update-result.js';

const PACKAGE = /\sHandler\s.*?CBS package identity: ([^\s,]{1,512})/;
/** Groups: whether a restart is needed, the result. */
const COMPLETED =
  /\sHandler\s.*?Completed install of CBS update with type=\d+, requiresReboot=(\d+), installerError=\d+, hr=(0x[0-9a-f]{1,8})/i;
const MOST_RESULTS = 5_000;

interface Installed {
  readonly kb: string;
  readonly found: FoundReport;
}

/**
 * What the handler of CBS packages says in the legacy log: package, then its result. The row that reports an update is
 * written minutes later and tells the same better; it is missing where a copy or the log ends before.
 */
export class HandlerInstalls {
  private identity = '';
  private readonly results: Installed[] = [];

  /** True when the line says something of a result. */
  take(line: string, lineNumber: number, timeText: string): boolean {
    const identity = PACKAGE.exec(line)?.[1];
    if (identity !== undefined) this.identity = detach(identity);
    const completed = COMPLETED.exec(line);
    const kb = kbIn(this.identity);
    if (!completed || kb === undefined) return false;
    const result = resultOf(codeOf(completed[2] ?? '') ?? SUCCESS, SUCCESS);
    const outcome =
      result.outcome === 'succeeded' && completed[1] !== '0' ? 'pending_reboot' : result.outcome;
    const report: AttemptReport = {
      source: 'windows_update_log',
      operation: 'install',
      targetKb: kb,
      packageIdentity: this.identity,
      ...result,
      outcome,
      occurredAt: null,
      occurredAtText: detach(timeText),
      utcOffset: null,
      timeSource: 'unknown',
      ...(outcome === 'failed' && { excerpt: excerptOf([detach(line.slice(0, 600)).replaceAll('\t', ' ')]) }),
      parser: { name: 'windows-update-log', version: READER_VERSION },
    };
    this.identity = '';
    if (this.results.length < MOST_RESULTS) this.results.push({ kb, found: { line: lineNumber, report } });
    return true;
  }

  /** The results that no row of the log told. */
  finish(toldKbs: ReadonlySet<string>): FoundReport[] {
    return this.results.filter(({ kb }) => !toldKbs.has(kb)).map(({ found }) => found);
  }
}
