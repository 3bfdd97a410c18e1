import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { bankSchema, deviceKeySchema, instantSchema, kbSchema } from '#domain/attempt-event.js';
import type { AttemptReport, InventoryReport } from '#domain/attempt-event.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { formatTime, note, printJson, printText, renderTable } from '../output.js';
import { lacksOnlyDevice, UnassignedStore } from '../evidence/unassigned-evidence.js';
import { BatchSender } from './batch-sender.js';
import { expandInputs } from './bundle/expand-inputs.js';
import type { ExpandedInputs } from './bundle/expand-inputs.js';
import { checkEvidence } from './check-evidence.js';
import { findDestination } from './find-destination.js';
import { findFiles } from './find-files.js';
import { importFiles } from './import-files.js';
import type { ImportedFile, ImportSink } from './import-files.js';
import { accountLine, reportLine } from './import-lines.js';

interface ImportOptions {
  readonly data: string;
  readonly url?: string;
  readonly token?: string;
  readonly bank?: string;
  readonly device?: string;
  readonly deviceName?: string;
  readonly takenAt?: string;
  readonly forDevice?: string;
  readonly forKb?: string;
  readonly failedAt?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const PROGRESS_BYTES = 64 * 1024 * 1024;

function checked(schema: { safeParse(text: string): { success: boolean } }, form: string) {
  return (text: string): string => {
    if (!schema.safeParse(text).success) throw new InvalidArgumentError(`It must look like ${form}.`);
    return text;
  };
}

/** `rollcall import PATH…`: evidence files → reports, to a collector or (dry run) to stdout. */
export function registerImport(program: Command): void {
  withData(program.command('import'))
    .description('read logs, event files, WSUS exports and package lists, and send what they say')
    .argument('<path...>', 'files or folders; the kind is recognised by content')
    .option('--device <key>', 'device of logs that name none (its key)', checked(deviceKeySchema, 'pc-0042'))
    .option('--device-name <name>', 'the same by name; the collector turns it into the key')
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option(
      '--token <token>',
      'token with scope collect (default: ROLLCALL_TOKEN, or a short-lived one of --data)',
    )
    .option('--bank <bank>', 'bank of the reports, when --data knows several', checked(bankSchema, 'bank-a'))
    .option(
      '--taken-at <time>',
      'when package lists were taken (default: when their file was written)',
      checked(instantSchema, '2026-11-20T08:00:00+08:00'),
    )
    .option('--for-device <name>', 'judge first: this device failed; evidence of another is refused')
    .option('--for-kb <kb>', 'judge first: this update failed', checked(kbSchema, 'KB5041578'))
    .option(
      '--failed-at <time>',
      'judge first: it failed then',
      checked(instantSchema, '2026-11-20T08:00:00+08:00'),
    )
    .option('--dry-run', 'send nothing, only show')
    .option('--json', 'one JSON line a file, in a dry run also one a report')
    .addHelpText(
      'after',
      `
A log that names no device needs --device or --device-name; otherwise its reports are kept as unassigned evidence in
--data, never counted until "rollcall evidence assign" says which device it was. Importing the same file twice adds nothing.

Exit code 2 when such evidence was left out, or when none of the files is evidence that Rollcall reads. A dry run
ends with 0 when evidence is unassigned: it was to show, and it names how many there are.

Examples:
  $ rollcall import ./from-branch-17 --dry-run
  $ rollcall import logs.zip --device-name BR17-PC04 --for-device BR17-PC04 --for-kb KB5041578 --failed-at 2026-11-19T20:00:00Z
  $ rollcall import CBS.log --device-name BR17-PC04 --bank bank-a`,
    )
    .action(runImport);
}

async function runImport(paths: readonly string[], options: ImportOptions): Promise<void> {
  if (options.device !== undefined && options.deviceName !== undefined) {
    throw new CommandFailure(EXIT.usage, 'give --device or --device-name, not both');
  }
  const expanded = await expandInputs(findFiles(paths));
  try {
    await judgeFirst(expanded, options);
    await readAndSend(expanded, options);
  } finally {
    expanded.close();
  }
}

async function readAndSend(expanded: ExpandedInputs, options: ImportOptions): Promise<void> {
  const sender = options.dryRun
    ? null
    : new BatchSender(await findDestination({ ...options, canOnlyLook: true }));
  const waiting: Waiting = new Map();
  const done = [
    ...(await importFiles(expanded.inputs, options, createSink(options, sender, waiting))),
    ...expanded.problems.map(({ file, problem }) => ({ ...NOTHING_READ, file, problem })),
  ];
  const result = await sender?.finish();
  if (sender !== null) await keepUnassigned(waiting, options);
  await tellBundles(expanded, options);
  if (!options.json) printText(summaryTable(done));
  if (result && options.json) printJson({ kind: 'result', ...result, unassigned: sum(done, 'unassigned') });
  else if (result)
    printText(`${result.sent} reports sent, ${result.accepted} accepted, ${result.rejected} rejected`);
  judge(done, result?.rejected ?? 0, result?.reasons ?? [], options.dryRun === true);
}

const NOTHING_READ = { account: null, failures: 0, inventories: 0, unassigned: 0 } as const;

/** @throws CommandFailure (2) when the evidence is of no use for the failure it was asked for */
async function judgeFirst(expanded: ExpandedInputs, options: ImportOptions): Promise<void> {
  const { forDevice = null, forKb = null, failedAt = null } = options;
  if (forDevice === null && forKb === null && failedAt === null) return;
  const at = failedAt === null ? null : new Date(failedAt).toISOString();
  const verdict = await checkEvidence(expanded, { deviceName: forDevice, kb: forKb, failedAt: at });
  if (options.json) printJson({ kind: 'verdict', ...verdict });
  if (verdict.accepted) return;
  const told = verdict.reasons.map(({ code, zh, en }) => `${code}: ${en} / ${zh}`);
  throw new CommandFailure(EXIT.negative, `refused, nothing was sent: ${told.join('; ')}`);
}

/** Where the evidence came from: SHA-256 of each bundle and of each file in it, and the entries that were refused. */
async function tellBundles({ bundles }: ExpandedInputs, options: ImportOptions): Promise<void> {
  for (const { file, sha256, entries, refused, toolVersion } of bundles) {
    const files = [];
    for (const entry of entries) files.push({ file: entry.name, sha256: await entry.sha256() });
    if (options.json) printJson({ kind: 'bundle', file, sha256, toolVersion, files, refused });
    for (const { name, why } of refused) note(`${file}: ${name} is not read: ${why}`);
  }
}

/** Reports that lack nothing but a device, by the file they were read from. */
type Waiting = Map<string, (AttemptReport | InventoryReport)[]>;

async function keepUnassigned(waiting: Waiting, { data, bank, json }: ImportOptions): Promise<void> {
  if (waiting.size === 0) return;
  const store = new UnassignedStore(openDataDirectory(data).root);
  for (const [file, rows] of waiting) {
    const { head, assignedAt } = await store.keep(file, bank ?? null, rows);
    if (json) printJson({ kind: 'unassigned', ...head, assignedAt });
    note(
      assignedAt === null
        ? `${file}: ${rows.length} reports kept as unassigned evidence ${head.id}`
        : `${file}: ${rows.length} reports are evidence ${head.id}, which was assigned to a device at ${formatTime(assignedAt)}; not kept again (to assign it anew: rollcall evidence delete ${head.id}, then import it)`,
    );
  }
}

function createSink(options: ImportOptions, sender: BatchSender | null, waiting: Waiting): ImportSink {
  let toldAtBytes = 0;
  const wait = (file: string, row: AttemptReport | InventoryReport) => {
    if (sender === null || !lacksOnlyDevice(row)) return;
    const rows = waiting.get(file) ?? [];
    rows.push(row);
    waiting.set(file, rows);
  };
  return {
    report: async (file, found, sendable) => {
      if (options.dryRun && options.json) printJson(reportLine(file, found));
      if (sendable) await sender?.add(found.report);
      else wait(file, found.report);
    },
    inventory: async (file, line, inventory, sendable) => {
      if (options.dryRun && options.json) printJson({ kind: 'inventory', file, line, ...inventory });
      if (sendable) await sender?.add(inventory);
      else wait(file, inventory);
    },
    account: (file, account) => {
      toldAtBytes = 0;
      note(`${file}: ${account.format}, ${account.records} records, ${account.reports} reports`);
      if (options.json) printJson(accountLine(file, account));
    },
    progress: (file, bytes) => {
      if (bytes - toldAtBytes < PROGRESS_BYTES) return;
      toldAtBytes = bytes;
      note(`${file}: ${Math.round(bytes / 1e6)} MB read`);
    },
  };
}

function summaryTable(done: readonly ImportedFile[]): string {
  const head = [
    'file',
    'kind',
    'records',
    'understood',
    'set aside',
    'not understood',
    'reports',
    'failed',
    'inventories',
    'unassigned',
    'from',
    'to',
  ];
  const rows = done.map(({ file, account, failures, inventories, unassigned, problem }) => {
    if (account === null) return [file, problem ?? 'not read', 0, 0, 0, 0, 0, 0, 0, 0, null, null];
    const { format, records, understood, notUnderstood, reports, from, to } = account;
    return [
      file,
      format,
      records,
      understood,
      records - understood - notUnderstood,
      notUnderstood,
      reports,
      failures,
      inventories,
      unassigned,
      from,
      to,
    ];
  });
  return renderTable(head, rows);
}

/** Exit codes of contract.md §7: 1 = something failed, 2 = evidence that names no device (or nothing) was left out. */
function judge(
  done: readonly ImportedFile[],
  rejected: number,
  reasons: readonly string[],
  dryRun: boolean,
): void {
  const unread = done.filter(({ problem }) => problem !== null);
  if (unread.length > 0) {
    const named = unread.map(({ file, problem }) => `${file}: ${problem ?? ''}`).join('; ');
    throw new CommandFailure(EXIT.failed, `could not read ${named}`);
  }
  if (rejected > 0) throw new CommandFailure(EXIT.failed, `rejected: ${reasons.join('; ')}`);
  if (done.every(({ account }) => account?.format === 'unknown')) {
    throw new CommandFailure(EXIT.negative, 'none of these files is evidence that Rollcall reads');
  }
  const unassigned = sum(done, 'unassigned');
  if (unassigned === 0) return;
  const told = `${unassigned} reports name no device or no update: unassigned evidence, not counted (--device, --device-name, or "rollcall evidence list")`;
  // A dry run was asked to show what there is: it did.
  if (dryRun) note(told);
  else throw new CommandFailure(EXIT.negative, told);
}

const sum = (done: readonly ImportedFile[], field: 'unassigned'): number =>
  done.reduce((total, file) => total + file[field], 0);
