import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import { kbKeySchema } from '#domain/kb-key.js';
import type { LearningBank } from '#domain/spikes/learning.js';
import type { ConnectionOptions } from '../connection-options.js';
import { withConnection } from '../connection-options.js';
import type { ListAnswer, QueryValues } from '../console-client.js';
import { instant, wholeNumber } from '../number-options.js';
import { formatTime, note, printJson, printText } from '../output.js';
import { matching } from '../text-options.js';

/** What every list question can be narrowed by. */
export interface FilterOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly build?: string;
  readonly kb?: string;
  readonly signature?: string;
  readonly since?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export function withFilter(command: Command): Command {
  return withConnection(command)
    .option('--bank <bank>', 'only this bank', matching(bankSchema))
    .option('--build <build>', 'only this build, such as 19044.4780')
    .option('--kb <kb>', 'only this KB', matching(kbKeySchema))
    .option('--signature <id>', 'only this signature id, or code such as 0x80071ab1')
    .option('--since <time>', 'seen at or after, such as 2024-09-10', instant)
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1_000_000), 100)
    .option('--cursor <text>', 'go on where a list before ended (it says so on stderr)');
}

export const filterQuery = (options: FilterOptions): QueryValues => ({
  bank: options.bank,
  build: options.build,
  kb: options.kb,
  signature: options.signature,
  since: options.since,
  cursor: options.cursor,
});

/** One line a bank that is still learnt, such as `bank-b: learning until 2026-12-18, alerts are provisional (ticket tier)`. */
export const learningLines = (learning: readonly LearningBank[]): string[] =>
  learning.map(
    ({ bank, until }) =>
      `${bank}: learning until ${formatTime(until).slice(0, 10)}, alerts are provisional (ticket tier)`,
  );

/** Prints a list for scripts (one object a line) or people (a table and where the numbers stand). */
export function printList<T>(
  answer: ListAnswer<T>,
  json: boolean | undefined,
  table: (items: readonly T[]) => string,
): void {
  if (json) answer.items.forEach(printJson);
  else printText(answer.items.length === 0 ? 'none' : table(answer.items));
  const more =
    answer.nextCursor === null ? '' : `; there are more: raise --limit, or --cursor ${answer.nextCursor}`;
  note(`${answer.items.length} shown, data as of ${formatTime(answer.asOf)}${more}`);
}
