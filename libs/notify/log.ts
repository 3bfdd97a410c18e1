import type { Notifier } from './notifier.js';

/** The part of a logger that is needed: structured fields and a line. */
export interface AlertLogger {
  warn(fields: object, message: string): void;
}

/** Writes each notification as one WARN line: the channel that is always there. */
export const logNotifier = (logger: AlertLogger): Notifier => ({
  channel: 'log',
  deliver: ({ zh: chinese, en: english, ...facts }) => {
    logger.warn({ alert: facts, zh: chinese.text, nextStep: english.nextStep }, english.text);
    return Promise.resolve();
  },
});
