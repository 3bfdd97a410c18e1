import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import { missingFacts } from '#domain/required-facts.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import type { FoundInventory, FoundReport } from '#sources/source-reader.js';
import { BundleRefused } from './bundle/open-bundle.js';
import type { EvidenceInput } from './evidence-input.js';
import { groupInputs, readEvidence } from './read-evidence.js';
import type { ReadingOfParts } from './read-evidence.js';

/** What happens to each report and account; the command decides (send, print, count). */
export interface ImportSink {
  report(file: string, found: FoundReport, sendable: boolean): Promise<void>;
  inventory(file: string, line: number, inventory: InventoryReport, sendable: boolean): Promise<void>;
  account(file: string, account: ReadingAccount): void;
  progress(file: string, bytes: number): void;
}

export interface DeviceWish {
  readonly device?: string;
  readonly deviceName?: string;
  /** When inventories were taken; default: when their file was last written. */
  readonly takenAt?: string;
}

/** One row of the summary. `unassigned` = reports that name no device or no update: evidence, never counted. */
export interface ImportedFile {
  readonly file: string;
  readonly account: ReadingAccount | null;
  readonly failures: number;
  readonly inventories: number;
  readonly unassigned: number;
  /** Why the file could not be read. */
  readonly problem: string | null;
}

/** Reads all files one after the other. A file that cannot be read is named in the summary and stops no other. */
export async function importFiles(
  inputs: readonly EvidenceInput[],
  wish: DeviceWish,
  sink: ImportSink,
): Promise<ImportedFile[]> {
  const done: ImportedFile[] = [];
  for (const group of await groupInputs(inputs)) {
    const parts: ReadingOfParts = { reader: null };
    for (const [at, input] of group.entries()) {
      done.push(await importFile(input, wish, sink, parts, at === group.length - 1));
    }
  }
  return done;
}

async function importFile(
  input: EvidenceInput,
  wish: DeviceWish,
  sink: ImportSink,
  parts: ReadingOfParts,
  isLast: boolean,
): Promise<ImportedFile> {
  const file = input.name;
  let failures = 0;
  let inventories = 0;
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
    inventory: async ({ line, inventory, takenAt: told }: FoundInventory): Promise<void> => {
      const takenAt = told ?? wish.takenAt ?? (await input.modifiedAt())?.toISOString();
      inventories += 1;
      if (takenAt === undefined) return;
      const whole: InventoryReport = { ...named(inventory, wish), takenAt };
      const sendable = missingFacts(whole).length === 0;
      if (!sendable) unassigned += 1;
      await sink.inventory(file, line, whole, sendable);
    },
    progress: (bytes: number): void => {
      sink.progress(file, bytes);
    },
  };
  try {
    account = await readEvidence(input, taker, parts, isLast);
    sink.account(file, account);
  } catch (error) {
    if (!isFileError(error) && !(error instanceof BundleRefused)) throw error;
    problem = error.message;
  }
  return { file, account, failures, inventories, unassigned, problem };
}

const withDevice = (report: AttemptReport, wish: DeviceWish): AttemptReport => ({
  ...named(report, wish),
  deliveryMode: 'file_import',
});

/** The event's own computer stays; a log that names no device gets the one the user names. */
function named<Told extends Pick<AttemptReport, 'deviceKey' | 'deviceName'>>(
  told: Told,
  { device, deviceName }: DeviceWish,
): Told {
  if (told.deviceKey !== undefined || told.deviceName !== undefined) return told;
  if (device !== undefined) return { ...told, deviceKey: device };
  return deviceName === undefined ? told : { ...told, deviceName };
}

/** Node's file errors carry a code such as EACCES; anything else is ours to report loudly. */
const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string' && 'syscall' in error;
