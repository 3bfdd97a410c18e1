import 'reflect-metadata';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Scope } from '#domain/admin.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import { EventLog } from '#event-log/event-log.js';
import { addBankKey } from '#runtime/bank-keys.js';
import { loadConfig } from '#runtime/load-config.js';
import { createLogger } from '#runtime/logger.js';
import { collectorConfigSchema } from '../../apps/collector/collector.config.js';
import { CollectorModule } from '../../apps/collector/collector.module.js';
import { createCollector } from '../../apps/collector/create-collector.js';

/** A collector with its real log in a directory of its own; banks `alpha` (with a key) and `beta` (without). */
export interface TestCollector {
  readonly app: NestFastifyApplication;
  readonly log: EventLog;
  readonly url: string;
  readonly directory: string;
  createToken(
    scopes: readonly Scope[],
    fields?: { readonly bank?: string; readonly expiresAt?: string },
  ): Promise<string>;
  /** Stops it and removes its directory. */
  close(): Promise<void>;
}

const at = '2024-01-01T00:00:00.000Z';

/** @param environment ROLLCALL_* variables beyond the directory and a free port */
export async function startTestCollector(environment: NodeJS.ProcessEnv = {}): Promise<TestCollector> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-collector-'));
  const config = loadConfig(collectorConfigSchema, {
    ROLLCALL_DATA: directory,
    ROLLCALL_PORT: '0',
    ROLLCALL_MIN_FREE_BYTES: '0',
    ROLLCALL_TOKEN_CACHE_MS: '0',
    ...environment,
  });
  addBankKey(config.keysFile, 'alpha');
  const logger = createLogger('collector', 'fatal');
  const app = await createCollector(CollectorModule.with(config, logger), logger, config.bodyTimeoutMs);
  const log = app.get(EventLog);
  for (const bank of ['alpha', 'beta']) {
    await appendAdminEvent(log, { type: 'BankAdded', at, bank, timeZone: null, fqdn: false });
  }
  await app.listen(0, '127.0.0.1');
  return {
    app,
    log,
    url: await app.getUrl(),
    directory,
    createToken: async (scopes, fields = {}) => {
      const token = `rc_${randomBytes(32).toString('base64url')}`;
      const sha256 = createHash('sha256').update(token).digest('hex');
      const event = {
        type: 'TokenCreated',
        at,
        tokenId: sha256.slice(0, 8),
        sha256,
        bank: 'alpha',
        expiresAt: null,
      } as const;
      await appendAdminEvent(log, { ...event, ...fields, scopes: [...scopes] });
      return token;
    },
    close: async () => {
      await app.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
