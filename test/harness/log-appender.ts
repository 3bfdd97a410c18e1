/**
 * A process that appends to an lmdb event log and says on stdout what the log has acknowledged, for specs that kill it:
 *
 *     node log-appender.js DIRECTORY TOPIC NAME APPENDS [NOW]
 *
 * One line an acknowledged append: `{"append": n, "positions": […]}`. Ends after APPENDS appends, four at a time.
 * NOW: the time its clock stands at (ISO), to append in another month.
 */
import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Topic } from '#domain/topics.js';
import type { LogMessage, Position } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';

const AT_ONCE = 4;
const MESSAGES_AN_APPEND = 25;

export interface AcknowledgedAppend {
  readonly append: number;
  readonly positions: readonly Position[];
}

/** The messages of one append: of many lengths, and recomputable, so that a reader can tell a torn one. */
export function messagesOf(name: string, append: number): LogMessage[] {
  return Array.from({ length: MESSAGES_AN_APPEND }, (_, index) => {
    const filler = String.fromCharCode(97 + ((append + index) % 26)).repeat(
      (append * 131 + index * 977) % 3_000,
    );
    return {
      key: `bank-a/d-${(append + index) % 50}`,
      value: Buffer.from(`${name} ${append} ${index} ${filler}`),
    };
  });
}

async function run(
  directory: string,
  topic: Topic,
  name: string,
  appends: number,
  now?: string,
): Promise<void> {
  const log = await openLmdbEventLog({
    directory,
    ...(now === undefined ? {} : { nowMs: () => Date.parse(now) }),
  });
  let next = 0;
  const appendInTurn = async (): Promise<void> => {
    while (next < appends) {
      const append = next++;
      const positions = await log.append(topic, messagesOf(name, append));
      const acknowledged: AcknowledgedAppend = { append, positions };
      writeSync(1, `${JSON.stringify(acknowledged)}\n`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, appendInTurn));
  await log.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [directory = '', topic = '', name = '', appends = '0', now] = process.argv.slice(2);
  await run(directory, topic as Topic, name, Number(appends), now);
}
