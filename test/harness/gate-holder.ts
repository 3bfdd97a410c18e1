/**
 * A process that holds a gate of an lmdb log, for specs of what has to wait for it:
 *
 *     node gate-holder.js GATE_FILE open|commit HOLD_MS
 *
 * Says `held` and, right before it lets go, the time (ms).
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpeningGate } from '#event-log/lmdb/opening-gate.js';

const [file = '', how = '', holdMs = '0'] = process.argv.slice(2);
const gate = new OpeningGate(file);
const say = (text: string): void => {
  writeSync(1, `${text}\n`);
};
if (how === 'open') {
  gate.open(() => {
    say('held');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(holdMs));
    say(String(Date.now()));
  });
} else {
  await gate.commit(async () => {
    say('held');
    await sleep(Number(holdMs));
    say(String(Date.now()));
  });
}
await gate.close();
