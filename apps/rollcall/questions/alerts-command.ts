import type { Command } from 'commander';
import type { AlertView } from '#attempt-store/attempt-store.js';
import { connectConsole } from '../console-client.js';
import { formatTime, note, renderTable, shorten } from '../output.js';
import { filterQuery, learningLines, printList, withFilter } from './filter-options.js';
import type { FilterOptions } from './filter-options.js';

export const alertTable = (items: readonly AlertView[]): string =>
  renderTable(
    ['alert', 'state', 'tier', 'bank', 'KB', 'build', 'code', 'failed', 'expected', 'opened', 'resolved'],
    items.map((item) => [
      item.alertId,
      item.state,
      item.tier,
      item.bank,
      shorten(item.kb),
      item.build,
      item.signature.l1,
      item.failed,
      item.expected.toFixed(1),
      formatTime(item.openedAt),
      formatTime(item.resolvedAt),
    ]),
  );

export function registerAlerts(program: Command): void {
  withFilter(program.command('alerts'))
    .description('alerts of the spike watch, newest first')
    .addHelpText('after', '\nExample:\n  $ rollcall alerts --bank bank-a --since 2024-09-10')
    .action(async (options: FilterOptions) => {
      const answer = await connectConsole(options).list<AlertView>(
        'alerts',
        filterQuery(options),
        options.limit,
      );
      printList(answer, options.json, alertTable);
      learningLines(answer.learning ?? []).forEach(note);
    });
}
