import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf, SUCCESS } from '../code-text.js';
import { excerptOf } from '../excerpt.js';
import { detach } from '../line-splitter.js';
import { READER_VERSION } from '../source-reader.js';
import type { FoundReport } from '../source-reader.js';
import { resultOf } from './update-result.js';

/** `hh:mm:ss.fffff tt pid tid source_cppNNN [Component] text`: articles often leave the placeholders of the time. */
const TRACE =
  /^(?:[\d/.-]{8,10} )?(?:hh:mm:ss\.f{1,7}|\d{1,2}:\d{2}:\d{2}\.\d{1,7})(?: (?:tt|[AP]M))? +\d+ +\d+ +\w+ +\[\w+\]/i;
const PREPARING =
  /\[\w+\] Preparing update for install, updateId = \{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?\.(\d{1,9})\b/i;
const EXIT = /\[Handler\] Exit code = (0x[0-9a-f]{8})(?:, Result code = (0x[0-9a-f]{8}))?/i;
const DETAIL = /\[Handler\] .*\b(?:0x)?[8c][0-9a-f]{7}\b/i;
const MOST_RESULTS = 5_000;

/** Whether a line is of tracefmt's print of the update trace. */
export const isTraceLine = (line: string): boolean =>
  (line.charCodeAt(2) === 58 || line.charCodeAt(1) === 58 || /^[\d/.-]{8,10} /.test(line)) &&
  TRACE.test(line);

/**
 * Results in tracefmt's print of the update trace: the handler's exit code after the update that was prepared for it.
 * A decoded log tells the same in its `LogHistory` line, which is better.
 */
export class HandlerExits {
  private update: { readonly updateId: string; readonly revision: number } | null = null;
  private lines: string[] = [];
  private readonly results: { readonly updateId: string; readonly found: FoundReport }[] = [];

  /** True when the line says something of a result. */
  take(line: string, lineNumber: number): boolean {
    const preparing = PREPARING.exec(line);
    if (preparing) {
      this.update = { updateId: detach((preparing[1] ?? '').toLowerCase()), revision: Number(preparing[2]) };
      this.lines = [detach(line.slice(0, 600))];
      return true;
    }
    if (this.update === null) return false;
    const exit = EXIT.exec(line);
    if (!exit && !DETAIL.test(line)) return false;
    if (this.lines.length < 8) this.lines.push(detach(line.slice(0, 600)));
    if (!exit) return true;
    const exitCode = codeOf(exit[1] ?? '') ?? SUCCESS;
    const resultCode = codeOf(exit[2] ?? '') ?? SUCCESS;
    const result = resultOf(resultCode === SUCCESS ? exitCode : resultCode, exitCode);
    const timeText = detach(/^.*?(?= +\d+ +\d+ +\w+ +\[)/.exec(line)?.[0] ?? '').slice(0, 64);
    if (this.results.length < MOST_RESULTS) {
      this.results.push({
        updateId: this.update.updateId,
        found: { line: lineNumber, report: this.report(this.update, result, timeText) },
      });
    }
    this.update = null;
    return true;
  }

  /** The results of updates that `LogHistory` lines did not tell. */
  finish(told: ReadonlySet<string>): FoundReport[] {
    return this.results.filter(({ updateId }) => !told.has(updateId)).map(({ found }) => found);
  }

  private report(
    { updateId, revision }: { readonly updateId: string; readonly revision: number },
    result: ReturnType<typeof resultOf>,
    timeText: string,
  ): AttemptReport {
    return {
      source: 'windows_update_log',
      operation: 'install',
      updateId,
      updateRevision: revision,
      ...result,
      occurredAt: null,
      occurredAtText: timeText,
      utcOffset: null,
      timeSource: 'unknown',
      ...(result.outcome === 'failed' && { excerpt: excerptOf(this.lines) }),
      parser: { name: 'windows-update-log', version: READER_VERSION },
    };
  }
}
