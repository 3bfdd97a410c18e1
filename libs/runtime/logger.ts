import { pino } from 'pino';
import type { Logger } from 'pino';
import type { LoggerService } from '@nestjs/common';

export type { Logger };

/** One JSON line an event on stderr. WARN = unexpected, nothing lost; ERROR = data lost or an operator must act. */
export function createLogger(app: string, level: string): Logger {
  return pino(
    { name: app, level, base: { app }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination(2),
  );
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
