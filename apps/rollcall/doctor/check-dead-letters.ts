import type { EventLog } from '#event-log/event-log.js';
import { DEAD_LETTERS } from '../dead-letters/dead-letter.js';
import { readDeadLetters } from '../dead-letters/read-dead-letters.js';
import { ok, warning } from './finding.js';
import type { Finding } from './finding.js';

/** More are told as a number: to read them all takes minutes. */
const MOST_READ = 20_000;

const CHECK = 'dead letters';
const LIST = 'rollcall dead-letters list';

/** What could not be read counts nowhere until somebody retries or drops it. */
export async function checkDeadLetters(log: EventLog): Promise<Finding> {
  const [begins, ends] = [await log.beginOffsets(DEAD_LETTERS), await log.endOffsets(DEAD_LETTERS)];
  const messages = ends.reduce((sum, end, partition) => sum + end - (begins[partition] ?? 0), 0);
  if (messages > MOST_READ) return warning(CHECK, `${messages} messages; not looked through`, LIST);
  const open = (await readDeadLetters(log)).filter(({ handled }) => handled === null);
  if (open.length === 0) return ok(CHECK, 'none that waits for anybody');
  const reasons = [...new Set(open.map(({ reason }) => reason))].join(', ');
  return warning(CHECK, `${open.length} that nobody has looked after (${reasons})`, LIST);
}
