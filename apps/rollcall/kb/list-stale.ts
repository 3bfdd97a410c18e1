import type { ConnectionOptions } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import type { ListAnswer } from '../console-client.js';
import { renderTable, shorten } from '../output.js';
import { printList } from '../questions/filter-options.js';

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

export interface StaleOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly days: number;
  readonly at?: string;
}

/** Asks the console and prints what it says. */
export async function listStale(options: StaleOptions): Promise<void> {
  const { bank, days, at } = options;
  const answer = await connectConsole(options).get<ListAnswer<StalePackage>>('packages/stale', {
    bank,
    days,
    at,
  });
  printList(answer, options.json, staleTable);
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
