import { z } from 'zod';
import { checkLogVariables, logAddressOf, logVariables } from '#event-log/log-address.js';

/** What the console reads from its environment. */
export const consoleConfigSchema = z
  .object({
    /** Banks and tokens stand in the log. */
    ...logVariables,
    ROLLCALL_LOG: logVariables.ROLLCALL_LOG.default('lmdb:./rollcall-data/log'),
    /** ClickHouse as a reader: `http://user:password@host:8123`. */
    ROLLCALL_CLICKHOUSE: z.url({ protocol: /^https?$/, error: 'expected http://user:password@host:port' }),
    ROLLCALL_HOST: z.string().min(1).default('127.0.0.1'),
    ROLLCALL_PORT: z.coerce.number().int().min(0).max(65_535).default(8800),
    ROLLCALL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    /** `stdin`: end when stdin closes (set by `rollcall up`). */
    ROLLCALL_PARENT_LIFELINE: z.string().optional(),
  })
  .superRefine(checkLogVariables)
  .transform((variables) => ({
    log: logAddressOf(variables),
    clickhouse: variables.ROLLCALL_CLICKHOUSE,
    host: variables.ROLLCALL_HOST,
    port: variables.ROLLCALL_PORT,
    logLevel: variables.ROLLCALL_LOG_LEVEL,
    parentLifeline: variables.ROLLCALL_PARENT_LIFELINE,
  }));
export type ConsoleConfig = z.output<typeof consoleConfigSchema>;
