import type { Command } from 'commander';
import { stalePending } from '#domain/packages/device-packages.js';
import type { DevicePackage } from '#domain/packages/device-packages.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { instant, wholeNumber } from '../number-options.js';
import { note, printJson, printText, renderTable } from '../output.js';

interface PackagesOptions {
  readonly at?: string;
  readonly staleAfter: number;
  readonly json?: true;
}

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
      // Loaded only here: whoever checks a KB waits for no reader of logs.
      const { readListings } = await import('./read-listings.js');
      const devices = await readListings(paths, options.at);
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
        else printText(`${deviceKey}${deviceKey === '' ? '' : '\n'}${tableOf(rows)}`);
      }
      if (stale.size > 0)
        note(`${stale.size} packages wait longer than ${options.staleAfter} days for their installation`);
    });
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
