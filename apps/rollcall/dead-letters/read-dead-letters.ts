import type { EventLog } from '#event-log/event-log.js';
import { DEAD_LETTERS, readDeadLetter } from './dead-letter.js';
import type { DeadLetter, Handling } from './dead-letter.js';

const READ_AT_ONCE = 500;

/** A letter with what became of it. */
export interface KnownDeadLetter extends DeadLetter {
  /** How often it was written: a replay or a rebuild writes it again. */
  readonly copies: number;
  /** The newest decision; null = nobody has looked after it yet. */
  readonly handled: Handling | null;
}

/** Every letter still in the log, oldest first, once each. */
export async function readDeadLetters(log: EventLog): Promise<readonly KnownDeadLetter[]> {
  const letters = new Map<string, DeadLetter & { copies: number }>();
  const handled = new Map<string, Handling>();
  const [begins, ends] = [await log.beginOffsets(DEAD_LETTERS), await log.endOffsets(DEAD_LETTERS)];
  for (const [partition, end] of ends.entries()) {
    let offset = begins[partition] ?? 0;
    while (offset < end) {
      const records = await log.readRange(DEAD_LETTERS, partition, offset, READ_AT_ONCE);
      for (const record of records) {
        const read = readDeadLetter(partition, record);
        if (read.kind === 'handled') handled.set(read.id, newer(handled.get(read.id), read.handling));
        else letters.set(read.letter.id, joined(letters.get(read.letter.id), read.letter));
      }
      const last = records.at(-1);
      if (!last) break;
      offset = last.offset + 1;
    }
  }
  return [...letters.values()]
    .map((letter) => ({ ...letter, handled: handled.get(letter.id) ?? null }))
    .sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
}

const newer = (known: Handling | undefined, found: Handling): Handling =>
  known !== undefined && known.at > found.at ? known : found;

/** First seen when its first copy was; read where its newest copy lies, which retention takes last. */
const joined = (known: (DeadLetter & { copies: number }) | undefined, found: DeadLetter) => ({
  ...found,
  at: known === undefined || found.at < known.at ? found.at : known.at,
  copies: (known?.copies ?? 0) + 1,
});
