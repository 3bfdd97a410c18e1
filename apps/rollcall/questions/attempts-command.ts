import { Option } from 'commander';
import type { Command } from 'commander';
import { OUTCOMES } from '#domain/words.js';
import type { AttemptView } from '#attempt-store/attempt-store.js';
import { connectConsole } from '../console-client.js';
import { formatTime, renderTable, shorten } from '../output.js';
import { filterQuery, printList, withFilter } from './filter-options.js';
import type { FilterOptions } from './filter-options.js';

interface AttemptOptions extends FilterOptions {
  readonly device?: string;
  readonly outcome?: string;
}

export const attemptTable = (items: readonly AttemptView[]): string =>
  renderTable(
    ['bank', 'device', 'KB', 'started', 'ended', 'outcome', 'stage', 'rollback', 'code', 'reports'],
    items.map((item) => [
      item.bank,
      item.deviceKey,
      shorten(item.kb),
      formatTime(item.startedAt),
      formatTime(item.endedAt),
      item.outcome,
      item.stage,
      item.rollback,
      item.hresult,
      item.reports.length,
    ]),
  );

export function registerAttempts(program: Command): void {
  withFilter(program.command('attempts'))
    .description('single attempts, newest first')
    .option('--device <key>', 'only this device')
    .addOption(new Option('--outcome <outcome>', 'only this outcome').choices(OUTCOMES))
    .addHelpText('after', '\nExample:\n  $ rollcall attempts --kb KB5041578 --outcome rolled_back')
    .action(async (options: AttemptOptions) => {
      const query = { ...filterQuery(options), deviceKey: options.device, outcome: options.outcome };
      const answer = await connectConsole(options).list<AttemptView>('attempts', query, options.limit);
      printList(answer, options.json, attemptTable);
    });
}
