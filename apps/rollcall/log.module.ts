import type { Command } from 'commander';
import type { EventLog } from '#event-log/event-log.js';
import { createTopics, planTopics } from '#event-log/kafka/kafka-topics.js';
import type { PlannedTopic, TopicWish } from '#event-log/kafka/kafka-topics.js';
import { logAddressOf, logVariablesSchema } from '#event-log/log-address.js';
import { ConfigError, loadConfig } from '#runtime/load-config.js';
import { withData } from './connection-options.js';
import { CommandFailure, EXIT } from './exit-codes.js';
import { logPlaceOf, openLogAt } from './installation.module.js';
import type { WhenMissing } from './installation.module.js';

/** Options of every command that works on the event log itself. */
export interface LogOptions {
  readonly data: string;
  readonly log?: string;
}

/** Adds `--data` and `--log`. */
export function withLogOption(command: Command): Command {
  return withData(command).option(
    '--log <place>',
    'the event log: lmdb:DIR or kafka:HOST:PORT,… (default: ROLLCALL_LOG, else the one in --data)',
  );
}

const logPlace = ({ data, log }: LogOptions): string => log ?? logPlaceOf(data);

/** Opens the log of these options for one piece of work and closes it again, whatever happens. */
export const withLog = async <T>(options: LogOptions, work: (log: EventLog) => Promise<T>): Promise<T> =>
  withLogAt(logPlace(options), work);

/** The same for a log at a place. @throws CommandFailure when the place is none, or nothing is there */
export async function withLogAt<T>(
  place: string,
  work: (log: EventLog) => Promise<T>,
  whenMissing: WhenMissing = 'fail',
): Promise<T> {
  const log = await understood(() => openLogAt(place, whenMissing));
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** The topics of a log in Kafka as they are and should be, made first where they are missing; null for a log in lmdb. */
export async function topicsOf(
  options: LogOptions,
  wish: TopicWish,
  apply: boolean,
): Promise<readonly PlannedTopic[] | null> {
  const variables = { ...process.env, ROLLCALL_LOG: logPlace(options) };
  const address = await understood(() =>
    Promise.resolve(logAddressOf(loadConfig(logVariablesSchema, variables))),
  );
  if (address.kind === 'lmdb') return null;
  return apply ? createTopics(address, wish) : planTopics(address, wish);
}

async function understood<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError) throw new CommandFailure(EXIT.usage, error.message);
    throw error;
  }
}
