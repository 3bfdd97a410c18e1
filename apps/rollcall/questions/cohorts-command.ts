import type { Command } from 'commander';
import type { Cohort } from '#attempt-store/attempt-store.js';
import { connectConsole } from '../console-client.js';
import { registerExplain } from '../explain/explain-command.js';
import { formatTime, renderTable, shorten } from '../output.js';
import { filterQuery, printList, withFilter } from './filter-options.js';
import type { FilterOptions } from './filter-options.js';

export const cohortTable = (items: readonly Cohort[]): string =>
  renderTable(
    ['cohort', 'bank', 'KB', 'build', 'signature', 'failing', 'ever', 'attempted', 'last seen'],
    items.map((item) => [
      item.cohortId,
      item.bank,
      shorten(item.kb),
      item.build,
      [item.signature.l1, item.signature.l2, item.signature.l3].filter((level) => level !== '').join(' · '),
      item.failing,
      item.everFailed,
      item.attempted,
      formatTime(item.lastSeen),
    ]),
  );

export function registerCohorts(program: Command): void {
  const cohorts = program.command('cohorts').enablePositionalOptions();
  registerExplain(cohorts);
  withFilter(cohorts)
    .description('devices that fail for the same reason: bank × build × KB × signature, most failing first')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rollcall cohorts --kb KB5041578\n  $ rollcall cohorts --json | jq .cohortId',
    )
    .action(async (options: FilterOptions) => {
      const answer = await connectConsole(options).list<Cohort>(
        'cohorts',
        filterQuery(options),
        options.limit,
      );
      printList(answer, options.json, cohortTable);
    });
}
