import type { AttemptReport } from '#domain/attempt-event.js';
import { missingFacts } from '#domain/required-facts.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import type { FoundReport } from '#sources/source-reader.js';
import { readEvidence } from './read-evidence.js';

/** What happens to each report and account; the command decides (send, print, count). */
export interface ImportSink {
  report(file: string, found: FoundReport, sendable: boolean): Promise<void>;
  account(file: string, account: ReadingAccount): void;
  progress(file: string, bytes: number): void;
}

export interface DeviceWish {
  readonly device?: string;
  readonly deviceName?: string;
}

/** One row of the summary. `unassigned` = reports that name no device or no update: evidence, never counted. */
export interface ImportedFile {
  readonly file: string;
  readonly account: ReadingAccount | null;
  readonly failures: number;
  readonly unassigned: number;
  /** Why the file could not be read. */
  readonly problem: string | null;
}

/** Reads all files one after the other. A file that cannot be read is named in the summary and stops no other. */
export async function importFiles(
  files: readonly string[],
  wish: DeviceWish,
  sink: ImportSink,
): Promise<ImportedFile[]> {
  const done: ImportedFile[] = [];
  for (const file of files) {
    let failures = 0;
    let unassigned = 0;
    let account: ReadingAccount | null = null;
    let problem: string | null = null;
    const taker = {
      report: async (found: FoundReport): Promise<void> => {
        const report = withDevice(found.report, wish);
        const sendable = missingFacts(report).length === 0;
        if (!sendable) unassigned += 1;
        if (report.outcome === 'failed' || report.outcome === 'rolled_back') failures += 1;
        await sink.report(file, { ...found, report }, sendable);
      },
      progress: (bytes: number): void => {
        sink.progress(file, bytes);
      },
    };
    try {
      account = await readEvidence(file, taker);
      sink.account(file, account);
    } catch (error) {
      if (!isFileError(error)) throw error;
      problem = error.message;
    }
    done.push({ file, account, failures, unassigned, problem });
  }
  return done;
}

/** The event's own computer stays; a log that names no device gets the one the user names. */
function withDevice(report: AttemptReport, { device, deviceName }: DeviceWish): AttemptReport {
  const named = report.deviceKey !== undefined || report.deviceName !== undefined;
  return {
    ...report,
    ...(!named && device !== undefined && { deviceKey: device }),
    ...(!named && device === undefined && deviceName !== undefined && { deviceName }),
    deliveryMode: 'file_import',
  };
}

/** Node's file errors carry a code such as EACCES; anything else is ours to report loudly. */
const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
