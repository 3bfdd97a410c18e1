import type { Command } from 'commander';
import { stalePending, tellPackages } from '#domain/packages/device-packages.js';
import type { DevicePackage, PackageSnapshot } from '#domain/packages/device-packages.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { fileInput } from '../import/evidence-input.js';
import { findFiles } from '../import/find-files.js';
import { importFiles } from '../import/import-files.js';
import type { ImportSink } from '../import/import-files.js';
import { instant, wholeNumber } from '../number-options.js';
import { note, printJson, printText, renderTable } from '../output.js';

interface PackagesOptions {
  readonly at?: string;
  readonly staleAfter: number;
  readonly json?: true;
}

interface DevicePackages {
  readonly deviceKey: string;
  readonly packages: readonly DevicePackage[];
}

/** What a device is called in a listing that does not name it. */
const NOT_NAMED = '';

export function registerPackages(kb: Command): void {
  kb.command('packages')
    .description(
      'states of the packages in listings of dism.exe: since when, which wait too long, which not to uninstall',
    )
    .argument(
      '<path...>',
      'output of "dism /online /get-packages", English or Chinese; several listings show since when',
    )
    .option('--at <time>', 'when the listings were taken (default: when each file was last written)', instant)
    .option(
      '--stale-after <days>',
      'name packages that wait longer for their installation',
      wholeNumber(0, 10_000),
      14,
    )
    .option('--json', 'one JSON line a package')
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall kb packages packages-2024-09.txt packages-2024-11.txt --stale-after 30',
    )
    .action(async (paths: readonly string[], options: PackagesOptions) => {
      const devices = await readDevices(paths, options.at);
      if (devices.length === 0)
        throw new CommandFailure(EXIT.notKnown, 'no listing of packages among these files');
      const stale = new Map(
        stalePending(devices, Date.now(), options.staleAfter).map((own) => [
          `${own.deviceKey}\n${own.identity}`,
          own.pendingDays,
        ]),
      );
      for (const { deviceKey, packages } of devices) {
        const rows = packages.map((own) => ({
          ...own,
          pendingDays: stale.get(`${deviceKey}\n${own.identity}`) ?? null,
        }));
        if (options.json) for (const row of rows) printJson({ device: deviceKey, ...row, ...timesOf(row) });
        else printText(`${deviceKey}${deviceKey === NOT_NAMED ? '' : '\n'}${tableOf(rows)}`);
      }
      if (stale.size > 0)
        note(`${stale.size} packages wait longer than ${options.staleAfter} days for their installation`);
    });
}

async function readDevices(paths: readonly string[], takenAt: string | undefined): Promise<DevicePackages[]> {
  const snapshots = new Map<string, PackageSnapshot[]>();
  const sink: ImportSink = {
    report: () => Promise.resolve(),
    inventory: (_file, _line, inventory) => {
      if (inventory.packages === undefined) return Promise.resolve();
      const device = inventory.deviceName ?? inventory.deviceKey ?? NOT_NAMED;
      const own = snapshots.get(device) ?? [];
      snapshots.set(device, [
        ...own,
        { takenAtMs: Date.parse(inventory.takenAt), packages: inventory.packages },
      ]);
      return Promise.resolve();
    },
    account: () => undefined,
    progress: () => undefined,
  };
  const done = await importFiles(
    findFiles(paths).map(fileInput),
    takenAt === undefined ? {} : { takenAt },
    sink,
  );
  for (const { file, problem } of done) if (problem !== null) note(`${file}: ${problem}`);
  return [...snapshots].map(([deviceKey, own]) => ({ deviceKey, packages: tellPackages(own) }));
}

const isoOf = (atMs: number): string => new Date(atMs).toISOString();
const timesOf = ({ sinceMs, lastSeenMs }: DevicePackage) => ({
  sinceMs: undefined,
  lastSeenMs: undefined,
  since: isoOf(sinceMs),
  lastSeen: isoOf(lastSeenMs),
});

function tableOf(rows: readonly (DevicePackage & { readonly pendingDays: number | null })[]): string {
  return renderTable(
    ['package', 'KB', 'state', 'since', 'uninstall?'],
    rows.map(({ identity, kb, state, broken, sinceMs, sinceIsTold, pendingDays, uninstall }) => [
      identity,
      kb,
      `${broken ? 'broken: ' : ''}${state}${pendingDays === null ? '' : ` for ${pendingDays} days`}`,
      `${sinceIsTold ? '' : '≤ '}${isoOf(sinceMs).slice(0, 10)}`,
      `${uninstall.advise}: ${uninstall.reason}`,
    ]),
  );
}
