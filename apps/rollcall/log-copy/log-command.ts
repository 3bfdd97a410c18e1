import type { Command } from 'commander';
import type { EventLog } from '#event-log/event-log.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withLogAt } from '../log.module.js';
import { note, printJson, printText, renderTable } from '../output.js';
import { COPIED_TOPICS, copyTopic } from './copy-log.js';
import type { CopiedTopic } from './copy-log.js';
import { OtherContentError } from './copy-partition.js';

interface CopyOptions {
  readonly from: string;
  readonly to: string;
  readonly json?: boolean;
}

const SHOW_RATE_EVERY_MS = 5_000;

export function registerLog(program: Command): void {
  const log = program.command('log').description('the event log as a whole');
  log
    .command('copy')
    .description('copy a whole event log to another place, such as from one machine to Kafka')
    .requiredOption('--from <place>', 'lmdb:DIR or kafka:HOST:PORT,…')
    .requiredOption('--to <place>', 'the same; its topics are empty, or hold what a former run copied')
    .option('--json', 'one JSON object a line: topic, messages, copied, repeated, sha256')
    .addHelpText(
      'after',
      `
Keeps keys, headers and the order within each partition; every message is read back and compared. The target itself
says how far a former run came: run it again after an interruption, or to copy what has come since. A run with nothing
new copies nothing and has compared everything. Stop whatever writes to the target first; the source may be in use.
The time at which a log took a message is the target's own; events carry their times themselves.

Exit code 2 when the target holds something else.

Example:
  $ rollcall topics apply --log kafka:broker-1:9092
  $ rollcall log copy --from lmdb:rollcall-data/log --to kafka:broker-1:9092`,
    )
    .action(async (options: CopyOptions) => {
      if (options.from === options.to) {
        throw new CommandFailure(EXIT.usage, '--from and --to are the same place');
      }
      const topics = await withLogAt(options.from, (source) =>
        withLogAt(options.to, (target) => copyAll(source, target), 'make'),
      );
      if (options.json) topics.forEach(printJson);
      else printText(tableOf(topics));
    });
}

async function copyAll(source: EventLog, target: EventLog): Promise<readonly CopiedTopic[]> {
  const startedAtMs = performance.now();
  let copied = 0;
  let shownAtMs = startedAtMs;
  const onCopied = (messages: number): void => {
    copied += messages;
    const nowMs = performance.now();
    if (nowMs - shownAtMs < SHOW_RATE_EVERY_MS) return;
    shownAtMs = nowMs;
    note(`${copied} messages copied, ${Math.round((copied * 1_000) / (nowMs - startedAtMs))} a second`);
  };
  const topics: CopiedTopic[] = [];
  try {
    for (const topic of COPIED_TOPICS) topics.push(await copyTopic(source, target, topic, onCopied));
  } catch (error) {
    if (error instanceof OtherContentError) throw new CommandFailure(EXIT.negative, error.message);
    throw error;
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  note(`${copied} messages copied in ${seconds.toFixed(1)} s, ${Math.round(copied / seconds)} a second`);
  return topics;
}

function tableOf(topics: readonly CopiedTopic[]): string {
  const rows = topics.map((topic) => [
    topic.topic,
    topic.messages,
    topic.copied,
    topic.repeated,
    topic.sha256.slice(0, 16),
  ]);
  return renderTable(['topic', 'messages', 'copied now', 'repeated', 'SHA-256 (source = target)'], rows);
}
