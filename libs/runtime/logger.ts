import { pino } from 'pino';
import type { Logger } from 'pino';
import type { LoggerService } from '@nestjs/common';

export type { Logger };

/** One JSON line an event on stderr. WARN = unexpected, nothing lost; ERROR = data lost or an operator must act. */
export function createLogger(app: string, level: string): Logger {
  return pino(
    {
      ...{ name: app, level, base: { app }, timestamp: pino.stdTimeFunctions.isoTime },
      serializers: { err: describeError },
    },
    pino.destination(2),
  );
}

/** Something outside is away: where in our code that was met tells nobody anything, and it is said again and again. */
const OUTSIDE: ReadonlySet<string> = new Set(['StoreUnavailableError', 'LogUnavailableError']);

/** An error for the log; of what is outside its words only, of all else stack and causes too. */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return OUTSIDE.has(error.name)
    ? { type: error.name, message: error.message }
    : pino.stdSerializers.errWithCause(error);
}

/** Lets Nest speak through the same logger; its start-up chatter is debug. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => {
    logger.debug(String(message));
  },
  error: (message: unknown, ...details: unknown[]) => {
    logger.error({ details }, String(message));
  },
  warn: (message: unknown) => {
    logger.warn(String(message));
  },
  debug: (message: unknown) => {
    logger.debug(String(message));
  },
  verbose: (message: unknown) => {
    logger.trace(String(message));
  },
});
