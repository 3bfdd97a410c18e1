import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptEvent } from '#domain/attempt-event.js';
import { alertMessageSchema } from '#domain/alerts/alert-events.js';
import type { AlertMessage } from '#domain/alerts/alert-events.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import { DAY_MS } from '#domain/spikes/constants.js';
import type { Generation } from '#domain/generation.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import type { EventLog } from '#event-log/event-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { SpikeWatch } from '../../apps/projector/watch/spike-watch.js';
import { openPipeline } from '../harness/pipeline.js';
import type { Pipeline } from '../harness/pipeline.js';
import { sampleAttempt, sampleSuccess } from '../harness/sample-events.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2024, 0, 1);
const INCIDENT_MS = START_MS + 31 * DAY_MS;
const LOOK_EVERY_MS = 2 * HOUR_MS;
const DEVICES = 40;
/** Before, while and after it fails. */
const LOOKS = Array.from({ length: 10 }, (_, index) => INCIDENT_MS + (index - 1) * LOOK_EVERY_MS);
/** After the first is raised. */
const RESTARTS = new Set([LOOKS[4]]);
const TIMEOUT_MS = 600_000;

const isoOf = (ms: number): string => new Date(ms).toISOString();
const attempt = (name: string, make: typeof sampleAttempt, atMs: number, facts: Partial<AttemptEvent>) =>
  make(name, {
    startedAt: isoOf(atMs),
    occurredAt: isoOf(atMs),
    receivedAt: isoOf(atMs + HOUR_MS / 2),
    ...facts,
  });

/** Two banks install a KB a week; in the fifth, eight devices of one bank fail within four hours. */
function fleet(): AttemptEvent[] {
  const events: AttemptEvent[] = [];
  for (const bank of ['bank-a', 'bank-b'])
    for (let device = 0; device < DEVICES; device += 1) {
      const deviceKey = `${bank}-${device}`;
      for (let week = 0; week < 4; week += 1) {
        const atMs = START_MS + (week * 7 + (device % 7)) * DAY_MS + (device % 12) * HOUR_MS;
        const facts = { bank, deviceKey, targetKb: `KB504157${week}` };
        events.push(attempt(`${deviceKey} ${week}`, sampleSuccess, atMs, facts));
      }
      const isFailing = bank === 'bank-b' && device < 8;
      const atMs = INCIDENT_MS + ((device % 8) * HOUR_MS) / 2;
      const facts = { bank, deviceKey, targetKb: 'KB5041579' };
      events.push(attempt(`${deviceKey} 4`, isFailing ? sampleAttempt : sampleSuccess, atMs, facts));
    }
  return events;
}

describe('what the watch has looked at and said', () => {
  let pipeline: Pipeline;
  let otherLog: EventLog;
  const otherDirectory = mkdtempSync(join(tmpdir(), 'rollcall-alerts-'));
  const started: SpikeWatch[] = [];

  beforeAll(async () => {
    pipeline = await openPipeline();
    otherLog = await openLmdbEventLog({ directory: otherDirectory });
    await pipeline.writers.prepare('blue');
    await pipeline.append(fleet());
    // The newest arrival: it moves the time of the watch and is of nobody else.
    const lastMs = LOOKS.at(-1) ?? 0;
    const facts = { bank: 'bank-a', deviceKey: 'last', targetKb: 'KB5041579' };
    await pipeline.append([attempt('last', sampleSuccess, lastMs, facts)]);
    await pipeline.project('blue', 1_000);
  }, TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all(started.map((watch) => watch.stop()));
    await otherLog.close();
    rmSync(otherDirectory, { recursive: true, force: true });
    await pipeline.dispose();
  }, TIMEOUT_MS);

  const watchOver = (log: EventLog, generation: Generation): SpikeWatch => {
    const watch = new SpikeWatch({
      log,
      store: pipeline.writers.of(generation),
      notifiers: [],
      symbolOf,
      lookEveryMs: LOOK_EVERY_MS,
      logger: createLogger('test', 'warn'),
      metrics: createMetrics('test'),
    });
    started.push(watch);
    return watch;
  };
  const lookAt = async (watch: SpikeWatch, atMs: number): Promise<void> => {
    await watch.onProjected(atMs);
    await watch.settled();
  };
  const messagesOf = async (log: EventLog): Promise<AlertMessage[]> => {
    const records = await log.readRange('patch.alerts', 0, 0, 10_000);
    return records.map(({ value }) => alertMessageSchema.parse(JSON.parse(value.toString('utf8'))));
  };
  const viewsOf = async (generation: Generation): Promise<unknown[]> => {
    const client = connectClickHouse({ url: pipeline.writerUrl });
    const query = `SELECT * FROM rollcall_${generation}.alerts ORDER BY alert_id`;
    const rows = await (await client.query({ query, format: 'JSONEachRow' })).json();
    await client.close();
    return rows;
  };

  it(
    'is neither forgotten nor said twice by a watch that was started anew',
    async () => {
      const uninterrupted = watchOver(pipeline.log, 'blue');
      for (const atMs of LOOKS) await lookAt(uninterrupted, atMs);
      expect(uninterrupted.watchTimeMs).toBe(LOOKS.at(-1));

      let watch = watchOver(otherLog, 'blue');
      for (const atMs of LOOKS) {
        await lookAt(watch, atMs);
        if (!RESTARTS.has(atMs)) continue;
        await watch.stop();
        watch = watchOver(otherLog, 'blue');
        await lookAt(watch, atMs);
      }

      const said = await messagesOf(pipeline.log);
      const types = said.flatMap(({ events }) => events.map(({ type }) => type));
      expect(types.filter((type) => type === 'AlertRaised').length).toBeGreaterThanOrEqual(1);
      // What follows an alert is said too, else a restart could not forget it.
      expect(types).toContain('AlertUpdated');
      expect(await messagesOf(otherLog)).toEqual(said);
    },
    TIMEOUT_MS,
  );

  it(
    'is not said again over a rebuilt generation, and is shown there',
    async () => {
      const said = await messagesOf(pipeline.log);
      await pipeline.writers.prepare('green');
      await pipeline.project('green', 1_000);
      const watch = watchOver(pipeline.log, 'green');
      for (const atMs of [START_MS + 29 * DAY_MS, ...LOOKS]) {
        await watch.onProjected(atMs);
        await watch.settled();
      }
      expect(await messagesOf(pipeline.log)).toEqual(said);
      const shown = await viewsOf('green');
      expect(shown).toEqual(await viewsOf('blue'));
      expect(shown).toMatchObject([{ signature_l1: '0x80071ab1' }]);
    },
    TIMEOUT_MS,
  );
});
