import { localTextToMs } from '../local-time.js';
import { LineSplitter } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundInventory, FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { readBareHeader, readHeader } from './cbs-record.js';
import { CbsRuns } from './cbs-runs.js';
import type { UntimedReport } from './cbs-runs.js';
import { DismCommands } from './dism-commands.js';
import { PackageStates } from './package-states.js';
import { recoverTime, UtcOffsets, utcStampIn } from './utc-offsets.js';

const LONGEST_RECORD = 16_384;
const STARTS_CBS = [
  'Exec: ',
  'Session: ',
  'Startup: ',
  'Setting ',
  'Read out cached',
  'TI: --- ',
  'WER: Generating',
  'Reporting package change completion',
  'Reporting capability session',
  'Reporting selectable update change',
  'SQM: Reporting package change completion',
  'SQM: Reporting selectable update change',
  'Retrieved original',
  'INSTALL index',
  'UNINSTALL index',
  'Doqe: ',
  'Doqi: Failed',
  'DriverUpdate',
  'Progress: UI',
  'Failed to process single',
  'Failed to resolve execution',
  'Failed to execute execution',
  'Failed to plan execution',
  'Failed to perform operation',
  'Failed installing driver',
  'Failed initializing driver',
  'Failed to add one or more deployment',
  'Failed to bulk stage',
] as const;
const FIRST_LETTERS = new Set(STARTS_CBS.map((start) => start.charCodeAt(0)));

interface OpenRecord {
  readonly line: number;
  readonly stamp: string;
  readonly isDism: boolean;
  message: string;
  lastLength: number;
}

/**
 * CBS.log, CbsPersist, dism.log and extracts of them (`[SR]`, pasted, hard-wrapped): log-formats.md §2. A record and
 * its continuation lines count once; lines before the first record are not understood. Times become UTC only where
 * the log itself shows the distance (`@` stamps).
 */
export class CbsLogReader implements SourceReader {
  private lines = new LineSplitter((line) => {
    this.line(line);
  });
  private account = new AccountKeeper();
  private offsets = new UtcOffsets();
  private readonly runs = new CbsRuns();
  private readonly commands = new DismCommands();
  private packages = new PackageStates();
  private waiting: (UntimedReport & { before: UtcOffsets['lastAnchor'] })[] = [];
  private found: FoundReport[] = [];
  private open: OpenRecord | null = null;
  private hasRecord = false;
  private hasHead = false;
  private lineNumber = 0;
  private lastStamp = '';
  private lastUtcMs: number | null = null;
  private afterCsi = false;
  private widestLine = 0;

  constructor(private readonly format: 'cbs_log' | 'dism_log' = 'cbs_log') {}

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.lines.push(bytes);
    return this.found.splice(0);
  }

  finish(): ReadingEnd {
    this.lines.finish();
    this.closeRecord();
    this.wait(this.runs.finish());
    return this.close();
  }

  /**
   * Ends one file of a log that Windows rolled (CbsPersist) and makes ready for the one that follows it: sessions and
   * attempts go on across the two, lines and account begin anew.
   */
  nextFile(): ReadingEnd {
    this.lines.finish();
    this.closeRecord();
    this.runs.nextFile();
    const end = this.close();
    this.lines = new LineSplitter((line) => {
      this.line(line);
    });
    this.account = new AccountKeeper();
    this.offsets = this.offsets.carryOver();
    this.packages = new PackageStates();
    this.hasRecord = false;
    this.hasHead = false;
    this.lineNumber = 0;
    this.lastStamp = '';
    this.afterCsi = false;
    return end;
  }

  private close(): ReadingEnd {
    this.time(null);
    return {
      reports: this.found.splice(0),
      inventories: this.inventories(),
      account: this.account.close(this.format, this.offsets.stretches()),
    };
  }

  private inventories(): FoundInventory[] {
    const seen = this.packages.seen();
    if (seen === null) return [];
    const at = recoverTime(seen.stamp, this.offsets.lastAnchor, null);
    const { line, inventory } = seen;
    return [{ line, inventory, ...(at !== null && { takenAt: at.occurredAt }) }];
  }

  private line(line: string): void {
    this.lineNumber++;
    if (line.length > this.widestLine) this.widestLine = line.length;
    const whole = readHeader(line);
    if (whole !== null) this.hasHead = true;
    const header = whole ?? (this.hasHead ? null : readBareHeader(line));
    if (header === null) {
      this.continuation(line);
      return;
    }
    const { stamp, component, messageAt } = header;
    if (stamp !== this.lastStamp) this.covers(stamp);
    const isCsi = component === 'CSI';
    if (isCsi && this.afterCsi && this.open !== null && !isSequence(line, messageAt)) {
      // A long record is cut by the log itself: the rest stands in a record without a sequence number.
      this.append(line.slice(messageAt), false);
      this.account.understood();
      return;
    }
    this.closeRecord();
    this.hasRecord = true;
    this.afterCsi = isCsi;
    const isDism = component === 'DISM';
    if (this.isSentence(component, line, messageAt, stamp)) {
      const message = line.slice(messageAt);
      this.open = { line: this.lineNumber, stamp, isDism, message, lastLength: line.length };
    } else if (isCsi && line.startsWith('[SR]', messageAt + 9)) this.account.setAside('repair_session');
    else this.account.setAside('routine');
  }

  private covers(stamp: string): void {
    this.lastStamp = stamp;
    if (localTextToMs(stamp) !== null) this.account.covers(stamp.replace(' ', 'T'));
  }

  private continuation(line: string): void {
    if (!this.hasRecord) {
      if (line.trim() === '') this.account.setAside('blank');
      else this.account.notUnderstood();
    } else if (this.open !== null) {
      this.append(line, !this.isWrapped(this.open.lastLength, line));
      this.open.lastLength = line.length;
    }
  }

  /**
   * Whether a line is the rest of the one before it, which a console cut: at 200 columns, or at the width of the widest
   * line so far, as all lines of a copy that was cut at another width.
   */
  private isWrapped(lengthBefore: number, line: string): boolean {
    if (lengthBefore >= 199 && lengthBefore <= 202) return true;
    return lengthBefore >= 79 && lengthBefore >= this.widestLine - 1 && !/^\s/.test(line);
  }

  private append(text: string, ownLine: boolean): void {
    const { open } = this;
    if (open === null || open.message.length >= LONGEST_RECORD) return;
    open.message += (ownLine ? '\n' : '') + text.slice(0, LONGEST_RECORD);
  }

  private isSentence(component: string, line: string, at: number, stamp: string): boolean {
    if (component === 'CSI') return this.isCsiSentence(line, at, stamp);
    return component === 'DISM' ? line.startsWith('DISM', at) : this.isCbsSentence(line, at, stamp);
  }

  private isCbsSentence(line: string, at: number, stamp: string): boolean {
    if (line.startsWith('Universal Time is:', at)) {
      this.anchor(line.slice(at), stamp);
      return false;
    }
    return FIRST_LETTERS.has(line.charCodeAt(at)) && STARTS_CBS.some((start) => line.startsWith(start, at));
  }

  private isCsiSentence(line: string, at: number, stamp: string): boolean {
    if (line.charCodeAt(at + 8) === 64) this.anchor(line.slice(at, at + 48), stamp);
    const failure = line.indexOf('(F)', at);
    if (failure !== -1 && failure < at + 48) return true;
    return (
      line.startsWith('Begin executing advanced', at + 9) ||
      line.startsWith('Failed to create container', at + 9)
    );
  }

  private anchor(text: string, stamp: string): void {
    const utcMs = utcStampIn(text);
    if (utcMs === null || Number.isNaN(utcMs)) return;
    this.lastUtcMs = utcMs;
    if (this.offsets.anchor(stamp, utcMs)) this.time(this.offsets.lastAnchor);
  }

  private closeRecord(): void {
    const { open } = this;
    if (open === null) return;
    this.open = null;
    const { line, stamp, message } = open;
    if (!open.isDism && this.packages.take(open)) {
      this.account.understood();
      return;
    }
    const told = (open.isDism ? this.commands : this.runs).take({ line, stamp, message });
    if (told === 'understood') this.account.understood();
    else this.account.setAside(told);
    this.wait(open.isDism ? this.commands.drain() : this.runs.drain());
  }

  private wait(reports: readonly UntimedReport[]): void {
    for (const report of reports) this.waiting.push({ ...report, before: this.offsets.lastAnchor });
  }

  /** Gives the waiting reports their UTC times, now that the next anchor (or the end of the log) is known. */
  private time(after: UtcOffsets['lastAnchor']): void {
    for (const { line, stamp, startStamp, report, before } of this.waiting.splice(0)) {
      const at = recoverTime(stamp, before, after);
      const started = recoverTime(startStamp, before, after);
      const undated = stamp === '' && this.lastUtcMs !== null ? new Date(this.lastUtcMs).toISOString() : null;
      this.account.report();
      this.found.push({
        line,
        report: {
          ...report,
          occurredAt: at?.occurredAt ?? undated,
          occurredAtText: stamp === '' ? '(undated)' : stamp,
          utcOffset: at?.utcOffset ?? null,
          timeSource: at !== null || undated !== null ? 'csi_anchor' : 'unknown',
          ...(started !== null &&
            at !== null &&
            started.occurredAt <= at.occurredAt && { startedAt: started.occurredAt }),
        },
      });
    }
  }
}

function isSequence(line: string, at: number): boolean {
  const after = line.charCodeAt(at + 8);
  if (after !== 64 && after !== 32) return false;
  return /^[0-9a-f]{8}$/i.test(line.slice(at, at + 8));
}
