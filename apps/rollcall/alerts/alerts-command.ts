import type { Command } from 'commander';
import type { AlertView } from '#attempt-store/attempt-store.js';
import { connectConsole } from '../console-client.js';
import { formatTime, note, renderTable, shorten } from '../output.js';
import { filterQuery, learningLines, printList, withFilter } from '../questions/filter-options.js';
import type { FilterOptions } from '../questions/filter-options.js';
import { stateOf } from './alert-page.js';
import type { Handling } from './alert-page.js';
import { registerHandling } from './handle-commands.js';

export type ListedAlert = AlertView & Handling;

export const alertTable = (items: readonly ListedAlert[]): string =>
  renderTable(
    ['alert', 'state', 'tier', 'bank', 'KB', 'build', 'code', 'failed', 'expected', 'opened', 'resolved'],
    items.map((item) => [
      item.alertId,
      stateOf(item),
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
  const alerts = withFilter(program.command('alerts'))
    // Options after a subcommand's name are the subcommand's own.
    .enablePositionalOptions()
    .description('alerts of the spike watch, newest first; and what to do about one')
    .addHelpText(
      'after',
      `
Examples:
  $ rollcall alerts --bank bank-a --since 2024-09-10
  $ rollcall alerts show 4c7zq2m3kd5xw6ab
  $ rollcall alerts snooze 4c7zq2m3kd5xw6ab --note "waiting for the image team"`,
    )
    .action(async (options: FilterOptions) => {
      const answer = await connectConsole(options).list<ListedAlert>(
        'alerts',
        filterQuery(options),
        options.limit,
      );
      printList(answer, options.json, alertTable);
      learningLines(answer.learning ?? []).forEach(note);
    });
  registerHandling(alerts);
}
