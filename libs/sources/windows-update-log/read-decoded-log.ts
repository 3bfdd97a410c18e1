import type { AttemptReport } from '#domain/attempt-event.js';
import { codeOf } from '../code-text.js';
import { detach, LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import { excerptOf } from '../excerpt.js';
import { READER_VERSION } from '../source-reader.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { asideReasonOf, guidOf } from '../update-names.js';
import { UpdateTitles } from './update-titles.js';
import { HandlerExits, isTraceLine } from './handler-exits.js';
import { resultOf } from './update-result.js';
import { withoutMarks } from './without-marks.js';

/**
 * `yyyy/MM/dd HH:mm:ss.fffffff pid tid component text`. The signs between the numbers are those of the machine's region:
 * dashes, dots (also with a blank) in the date, dots in the time. In a table of the same columns, commas stand between.
 */
const STAMP =
  /^"?(\d{4})(?:[/-]|\. ?)(\d{2})(?:[/-]|\. ?)(\d{2})\.?[ \t]+(\d{2})[:.](\d{2})[:.](\d{2})[.,]\d{3,7}(?=[ \t,;"])/;
/** A line that the decoder had no format for: nothing can be known of it. */
const UNDECODED = /Unknown\( *\d+\): GUID=/;
/** Callers of LogHistory that install Store apps: what the Store's own service does, and for whom (`Update;ScanForUpdates`). */
const STORE_CALLER = /^[a-z]+;/i;
/** Defender fetches its definitions itself, under its own name or by its command line tool. */
const DEFENDER_CALLER = /defender|mpcmdrun/i;
/** Undecoded lines carry the beginning of the file time as their date. */
const FIRST_YEAR = '2001';
const HISTORY =
  /LogHistory called(?: for Caller=(.{0,128}?),)?\.?\s+idUpdate=\{?([0-9a-f-]{36})\}?\.(\d{1,10}),(?:\s*operation = (\w+),)?\s*resultMapped=(?:0x)?([0-9a-f]{1,8}),\s*resultUnMapped=(?:0x)?([0-9a-f]{1,8})/i;

interface History {
  readonly line: number;
  readonly timeText: string;
  readonly caller: string;
  readonly updateId: string;
  readonly revision: number;
  readonly operation: string;
  readonly mapped: string;
  readonly unmapped: string;
  readonly text: string;
}

/**
 * WindowsUpdate.log as Get-WindowsUpdateLog decodes it (log-formats.md §4). Each `LogHistory` line is the result of one
 * update; its title and KB stand on other lines, before or after it, so the reports come at the end. Times are local
 * without a zone: `occurredAt` stays null. `*FAILED*` lines repeat on healthy clients and are no results. The print of
 * tracefmt found in articles is read too.
 */
export class DecodedUpdateLogReader implements SourceReader {
  private readonly lines = new LineSplitter((line) => {
    this.line(line);
  });
  private readonly account = new AccountKeeper();
  private readonly titles = new UpdateTitles();
  private readonly histories: History[] = [];
  private readonly exits = new HandlerExits();
  private lineNumber = 0;
  private lastSecond = '';

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return [];
  }

  finish(): ReadingEnd {
    this.lines.finish();
    const reports = this.histories.map((history) => this.report(history)).filter((found) => found !== null);
    const told = new Set(this.histories.map(({ updateId }) => updateId));
    for (const exit of this.exits.finish(told)) {
      this.account.report();
      reports.push(exit);
    }
    return { reports, account: this.account.close('windows_update_log') };
  }

  private line(written: string): void {
    this.lineNumber++;
    const line = withoutMarks(written);
    if (isStamped(line)) this.covers(line.slice(0, 10), line.slice(11, 19));
    else {
      const stamp = STAMP.exec(line);
      if (stamp === null) {
        if (line.trim() === '') this.account.setAside('blank');
        else if (isTraceLine(line)) this.trace(line);
        else this.account.notUnderstood();
        return;
      }
      this.covers(stamp.slice(1, 4).join('-'), stamp.slice(4, 7).join(':'));
    }
    if (line.includes('LogHistory called')) this.result(line);
    else if (UNDECODED.test(line)) this.account.notUnderstood();
    else {
      if (
        line.includes('KB') ||
        line.includes('Title') ||
        line.includes('UpdateId = ') ||
        line.includes('installable update')
      )
        this.titles.learn(line);
      this.account.setAside('routine');
    }
  }

  private covers(date: string, clock: string): void {
    const second = `${date}T${clock}`;
    if (second === this.lastSecond) return;
    this.lastSecond = second;
    if (date >= FIRST_YEAR) this.account.covers(`${date.replaceAll('/', '-')}T${clock}`);
  }

  private trace(line: string): void {
    this.titles.learn(line);
    if (line.includes('LogHistory called')) this.result(line);
    else if (this.exits.take(line, this.lineNumber)) this.account.understood();
    else this.account.setAside('routine');
  }

  private result(line: string): void {
    const found = HISTORY.exec(line);
    const updateId = guidOf(found?.[2]);
    const [mapped, unmapped] = [codeOf(found?.[5] ?? ''), codeOf(found?.[6] ?? '')];
    const revision = Number(found?.[3]);
    if (
      !found ||
      updateId === undefined ||
      mapped === undefined ||
      unmapped === undefined ||
      revision > 0xffffffff
    ) {
      this.account.notUnderstood();
      return;
    }
    const timeText = (STAMP.exec(line) ?? /^\S+[ \t]+(?:[AP]M\b|\S+)/i.exec(line))?.[0] ?? '';
    this.histories.push({
      line: this.lineNumber,
      timeText: detach(timeText.replace('"', '').slice(0, 64)),
      caller: detach(found[1] ?? ''),
      updateId: detach(updateId),
      revision,
      operation: detach(found[4] ?? ''),
      mapped,
      unmapped,
      text: detach(line.slice(0, 600)),
    });
  }

  private report(history: History): FoundReport | null {
    const { updateId, revision, timeText, mapped, unmapped } = history;
    const { title, kb } = this.titles.of(updateId, revision);
    const aside = DEFENDER_CALLER.test(history.caller)
      ? 'defender_definition'
      : STORE_CALLER.test(history.caller)
        ? 'store_app'
        : asideReasonOf({ title, kb });
    if (aside !== null) {
      this.account.setAside(aside);
      return null;
    }
    const result = resultOf(mapped, unmapped);
    const operation = ({ install: 'install', uninstall: 'uninstall' } as const)[
      history.operation.toLowerCase()
    ];
    const report: AttemptReport = {
      source: 'windows_update_log',
      naturalKey: { kind: 'log_history', updateId, revision, timeText, codes: [mapped, unmapped] },
      operation: operation ?? 'unknown',
      ...(kb !== undefined && { targetKb: kb }),
      updateId,
      updateRevision: revision,
      ...(title !== undefined && { updateTitle: title }),
      ...result,
      occurredAt: null,
      occurredAtText: timeText,
      utcOffset: null,
      timeSource: 'unknown',
      ...(result.outcome === 'failed' && { excerpt: excerptOf([history.text]) }),
      parser: { name: 'windows-update-log', version: READER_VERSION },
    };
    this.account.understood();
    this.account.report();
    return { line: history.line, report };
  }
}

/** The common form by the places of its signs; the rest goes through the pattern. */
function isStamped(line: string): boolean {
  const dash = line.charCodeAt(4);
  return (
    (dash === 47 || dash === 45) &&
    line.charCodeAt(7) === dash &&
    line.charCodeAt(10) === 32 &&
    line.charCodeAt(13) === 58 &&
    line.charCodeAt(16) === 58 &&
    line.charCodeAt(19) === 46 &&
    line.charCodeAt(27) === 32
  );
}
