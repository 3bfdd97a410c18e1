import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import { withConnection } from '../connection-options.js';
import type { ConnectionOptions } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import type { ListAnswer } from '../console-client.js';
import { instant, wholeNumber } from '../number-options.js';
import { renderTable, shorten } from '../output.js';
import { printList } from '../questions/filter-options.js';
import { matching } from '../text-options.js';

/** The console's answer about a package that waits. */
interface StalePackage {
  readonly bank: string;
  readonly deviceKey: string;
  readonly branch: string;
  readonly identity: string;
  readonly kb: string | null;
  readonly since: string;
  readonly sinceIsTold: boolean;
  readonly pendingDays: number;
}

interface StaleOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly days: number;
  readonly at?: string;
}

export function registerStale(kb: Command): void {
  withConnection(kb.command('stale'))
    .description('devices on which a package waits long for its installation: a risk before the next patch')
    .option('--days <days>', 'longer than so many days', wholeNumber(0, 10_000), 14)
    .option('--at <time>', 'looked at from this time (default: now)', instant)
    .option('--bank <bank>', 'only this bank', matching(bankSchema))
    .addHelpText('after', '\nExample:\n  $ rollcall kb stale --days 30 --json')
    .action(async (options: StaleOptions) => {
      const { bank, days, at } = options;
      const answer = await connectConsole(options).get<ListAnswer<StalePackage>>('packages/stale', {
        bank,
        days,
        at,
      });
      printList(answer, options.json, staleTable);
    });
}

const staleTable = (items: readonly StalePackage[]): string =>
  renderTable(
    ['device', 'bank', 'branch', 'KB', 'package', 'pending since', 'days'],
    items.map((item) => [
      item.deviceKey,
      item.bank,
      item.branch,
      item.kb,
      shorten(item.identity),
      `${item.sinceIsTold ? '' : '≤ '}${item.since.slice(0, 10)}`,
      item.pendingDays,
    ]),
  );
