import type { Command } from 'commander';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { topicsOf, withLogOption } from '../log.module.js';
import type { LogOptions } from '../log.module.js';
import { wholeNumber } from '../number-options.js';
import { printJson, printText, renderTable } from '../output.js';

interface TopicsOptions extends LogOptions {
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly partitions?: number;
  readonly json?: boolean;
}

type Planned = NonNullable<Awaited<ReturnType<typeof topicsOf>>>[number];

export function registerTopics(program: Command): void {
  const topics = program.command('topics').description('the topics of an event log in Kafka');
  withWish(topics.command('plan'))
    .description('what topics there are, how they differ from what they should be, what would be made')
    .addHelpText(
      'after',
      `
Exit code 0 when all is as it should be, 2 when a topic is missing or differs.

Example:
  $ rollcall topics plan --log kafka:broker-1:9092`,
    )
    .action(async (options: TopicsOptions) => {
      const planned = await topicsOf(options, options, false);
      if (planned === null) {
        nothingToDo(options);
        return;
      }
      show(planned, options, (topic) => (topic.state === 'missing' ? 'would be made' : stateText(topic)));
      failWhere(planned, ({ state }) => state !== 'as_planned', 'missing or different');
    });
  withWish(topics.command('apply'))
    .description('make the topics that are missing; those that are there stay as they are')
    .addHelpText(
      'after',
      `
Partitions and settings of a topic that holds facts are changed by its operator, knowingly: with another number of
partitions the keys change theirs, and their order is lost. Exit code 2 when such a topic differs.

Example:
  $ rollcall topics apply --log kafka:broker-1:9092 --replication-factor 3 --min-insync-replicas 2`,
    )
    .action(async (options: TopicsOptions) => {
      const planned = await topicsOf(options, options, true);
      if (planned === null) {
        nothingToDo(options);
        return;
      }
      show(planned, options, (topic) => (topic.state === 'missing' ? 'made' : stateText(topic)));
      failWhere(planned, ({ state }) => state === 'differs', 'different; left as they are');
    });
}

const withWish = (command: Command): Command =>
  withLogOption(command)
    .option('--replication-factor <copies>', 'copies of each partition', wholeNumber(1, 100), 3)
    .option(
      '--min-insync-replicas <copies>',
      'with fewer copies in step nothing is accepted',
      wholeNumber(1, 100),
      2,
    )
    .option('--partitions <count>', 'of the topics with several (default: 12)', wholeNumber(1, 10_000))
    .option('--json', 'one JSON object a line');

function nothingToDo({ json }: TopicsOptions): void {
  if (!json)
    printText('the event log is on this machine (lmdb): its topics make themselves, there is nothing to do');
}

function show(
  planned: readonly Planned[],
  { json }: TopicsOptions,
  result: (topic: Planned) => string,
): void {
  if (json) {
    for (const topic of planned) printJson({ ...topic, result: result(topic) });
    return;
  }
  printText(
    renderTable(
      ['topic', 'partitions', 'copies', 'kept', 'result'],
      planned.map((topic) => [
        topic.name,
        topic.partitions,
        topic.replicationFactor,
        keptText(topic.settings['retention.ms']),
        result(topic),
      ]),
    ),
  );
}

const keptText = (retentionMs: string | undefined): string =>
  retentionMs === '-1' ? 'for ever' : `${Math.round(Number(retentionMs) / 86_400_000)} days`;

const stateText = ({ state, differences }: Planned): string =>
  state === 'as_planned' ? 'as it should be' : `differs: ${differences.join('; ')}`;

function failWhere(planned: readonly Planned[], isWrong: (topic: Planned) => boolean, what: string): void {
  const wrong = planned.filter(isWrong).map(({ name }) => name);
  if (wrong.length > 0) throw new CommandFailure(EXIT.negative, `${wrong.join(', ')}: ${what}`);
}
