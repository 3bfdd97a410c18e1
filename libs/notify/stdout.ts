import type { Notifier } from './notifier.js';

/** One JSON line a notification: for whoever collects the output of containers. */
export const stdoutNotifier = (write: (text: string) => unknown): Notifier => ({
  channel: 'stdout',
  deliver: (notification) => {
    write(`${JSON.stringify(notification)}\n`);
    return Promise.resolve();
  },
});
