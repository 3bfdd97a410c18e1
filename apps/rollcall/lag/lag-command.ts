import type { Command } from 'commander';
import { AdminReader } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';
import { groupLag, waitingMs } from '#event-log/group-lag.js';
import type { PartitionLag } from '#event-log/group-lag.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withLog, withLogOption } from '../log.module.js';
import type { LogOptions } from '../log.module.js';
import { wholeNumber } from '../number-options.js';
import { printJson, printText, renderTable } from '../output.js';

const PROJECTED_TOPICS = ['patch.attempts', 'patch.inventory', 'patch.remedies'] as const;

interface LagOptions extends LogOptions {
  readonly group?: readonly string[];
  readonly max?: number;
  readonly json?: boolean;
}

/** One line of the answer. `ageSeconds` = how long the oldest message waits that the group has not committed. */
interface LagItem extends PartitionLag {
  readonly ageSeconds: number | null;
}

export function registerLag(program: Command): void {
  withLogOption(program.command('lag'))
    .description('how far the consumer groups are behind the log, by partition')
    .option('--group <group...>', 'consumer groups (default: the projector’s on the live generation)')
    .option('--max <messages>', 'exit code 2 when a group is further behind', wholeNumber(0, 1e15))
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      `
The table leaves out partitions that are empty; --json has all. Works while Rollcall runs, and on its log alone.
Exit code 3: there is no log at the place that was named; 2: a group is further behind than --max.

Examples:
  $ rollcall lag
  $ rollcall lag --max 100000 --json || page-somebody
  $ rollcall lag --log kafka:broker-1:9092,broker-2:9092 --group projector-blue`,
    )
    .action(async (options: LagOptions) => {
      const items = await withLog(options, async (log) => lagOf(log, options.group));
      if (options.json) items.forEach(printJson);
      else printTable(items);
      failAbove(items, options.max);
    });
}

/** How far groups are behind on every partition. @param groups default: the projector’s on the live generation */
export async function lagOf(log: EventLog, groups?: readonly string[]): Promise<readonly LagItem[]> {
  const asked = groups ?? [`projector-${(await new AdminReader(log, 0).refresh()).generation}`];
  const lags: PartitionLag[] = [];
  for (const group of asked) lags.push(...(await groupLag(log, group, PROJECTED_TOPICS)));
  const nowMs = Date.now();
  const items: LagItem[] = [];
  for (const lag of lags) {
    const age = await waitingMs(log, lag, nowMs);
    items.push({ ...lag, ageSeconds: age === null ? null : Math.round(age / 100) / 10 });
  }
  return items;
}

function printTable(items: readonly LagItem[]): void {
  const rows = items
    .filter(({ end }) => end > 0)
    .map((item) => [
      item.group,
      item.topic,
      item.partition,
      item.committed,
      item.end,
      item.lag,
      item.ageSeconds === null ? null : `${item.ageSeconds} s`,
    ]);
  printText(renderTable(['group', 'topic', 'partition', 'committed', 'end', 'lag', 'oldest waits'], rows));
  for (const [group, lag] of byGroup(items)) {
    const isKnown = items.some((item) => item.group === group && item.committed > 0);
    const doubt = isKnown || lag === 0 ? '' : '; it has committed nothing: it never ran, or has another name';
    printText(`${group}: ${lag} messages behind${doubt}`);
  }
}

function byGroup(items: readonly LagItem[]): ReadonlyMap<string, number> {
  const groups = new Map<string, number>();
  for (const { group, lag } of items) groups.set(group, (groups.get(group) ?? 0) + lag);
  return groups;
}

function failAbove(items: readonly LagItem[], max: number | undefined): void {
  if (max === undefined) return;
  const above = [...byGroup(items)].filter(([, lag]) => lag > max);
  if (above.length === 0) return;
  const told = above.map(([group, lag]) => `${group} is ${lag} messages behind`).join(', ');
  throw new CommandFailure(EXIT.negative, `${told}; the most allowed is ${max}`);
}
