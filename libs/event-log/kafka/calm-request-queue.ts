import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const calmed = new WeakSet();

/**
 * kafkajs 2.2.4 looks for waiting requests every millisecond, for ever, even when there are none: each client takes
 * 2 % of a core, and on newer Nodes the time-out it computes is negative. Without a waiting request there is nothing
 * to look for; the queue schedules the look itself when one comes.
 */
export function calmRequestQueue(): void {
  const require = createRequire(import.meta.url);
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  if (calmed.has(prototype)) return;
  calmed.add(prototype);
  const schedule = Reflect.get(prototype, 'scheduleCheckPendingRequests');
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this);
  };
}
