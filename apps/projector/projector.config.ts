import { z } from 'zod';
import { checkLogVariables, logVariables } from '#event-log/log-address.js';
import { channelVariables, refuseHalfChannels } from '#notify/configured-channels.js';

/** The projector's whole configuration. `node …/projector/main.js --check-config` says whether it can be used. */
export const projectorConfigSchema = z
  .object({
    ...logVariables,
    /** ClickHouse with a user that may write: `http://user:password@host:port`. */
    ROLLCALL_CLICKHOUSE: z.url({ protocol: /^https?$/, error: 'expected http://user:password@host:port' }),
    /** Name of a ClickHouse cluster (`remote_servers`): tables are sharded, replicated, and made `ON CLUSTER`. */
    ROLLCALL_CLICKHOUSE_CLUSTER: z
      .string()
      .regex(/^\w{1,60}$/, 'expected the name of a cluster: letters, digits, _')
      .optional(),
    /** Without Keeper: one `http://user:password@host:port` per shard, comma-separated; tables are made on each, not replicated. */
    ROLLCALL_CLICKHOUSE_SHARDS: z
      .string()
      .transform((text) => text.split(',').map((url) => url.trim()))
      .pipe(
        z.array(z.url({ protocol: /^https?$/, error: 'expected http://user:password@host:port,…' })).min(1),
      )
      .optional(),
    /** Health and metrics. */
    ROLLCALL_PORT: z.coerce.number().int().min(0).max(65535).default(8802),
    ROLLCALL_HOST: z.string().default('127.0.0.1'),
    /** A batch ends at so many messages … */
    ROLLCALL_BATCH_MESSAGES: z.coerce.number().int().min(1).max(1_000_000).default(20_000),
    /** … or so many bytes … */
    ROLLCALL_BATCH_BYTES: z.coerce
      .number()
      .int()
      .min(1)
      .default(24 * 1024 * 1024),
    /** … or after so long. Smaller is fresher, larger is cheaper. */
    ROLLCALL_BATCH_LINGER_MS: z.coerce.number().int().min(0).max(60_000).default(700),
    /** Where people reach the console, such as `https://rollcall.example`: alerts link to it. */
    ROLLCALL_CONSOLE_URL: z.url({ protocol: /^https?$/ }).optional(),
    ROLLCALL_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    /** `stdin` = end when stdin closes (set by `rollcall up`). */
    ROLLCALL_PARENT_LIFELINE: z.string().optional(),
    ...channelVariables,
  })
  .superRefine(checkLogVariables)
  .superRefine(({ ROLLCALL_CLICKHOUSE_SHARDS, ROLLCALL_CLICKHOUSE_CLUSTER }, context) => {
    if (ROLLCALL_CLICKHOUSE_SHARDS && !ROLLCALL_CLICKHOUSE_CLUSTER)
      context.addIssue({
        code: 'custom',
        path: ['ROLLCALL_CLICKHOUSE_CLUSTER'],
        message: 'is needed with ROLLCALL_CLICKHOUSE_SHARDS: the name by which the shards know each other',
      });
  })
  .superRefine(refuseHalfChannels);
export type ProjectorConfig = z.output<typeof projectorConfigSchema>;
