import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { AdminEvent, Scope } from '#domain/admin.js';
import { alertEventSchema } from '#domain/alerts/alert-events.js';
import type { AlertEvent } from '#domain/alerts/alert-events.js';
import { alertViewOf } from '#domain/alerts/alert-view.js';
import { AttemptStore } from '#attempt-store/attempt-store.js';
import type { AlertView, Cohort, CohortFilter, Paged } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { AlertLog } from '#event-log/alert-log.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { AlertsController } from '../../apps/console/alerts/alerts.controller.js';
import { createConsole } from '../../apps/console/create-console.js';
import { METRICS } from '../../apps/console/http/metrics-token.js';
import { QuestionsController } from '../../apps/console/http/questions.controller.js';
import { QUESTIONS } from '../../apps/console/questions/all-questions.js';
import { StorePosition } from '../../apps/console/questions/store-position.js';

/** Ids of the alerts in the log: of bank-a, of both banks, and one of bank-a that is over. */
export const ALERTS = {
  own: 'aaaaaaaaaaaaaaaa',
  several: 'bbbbbbbbbbbbbbbb',
  over: 'cccccccccccccccc',
} as const;
/** Credentials, by what they may do. bank-c has no part in any alert. */
const CREDENTIALS: Readonly<Record<string, readonly [bank: string, scopes: Scope[]]>> = {
  rc_operator: ['*', ['read', 'admin']],
  rc_reader: ['*', ['read']],
  rc_sender: ['bank-a', ['collect']],
  rc_a: ['bank-a', ['read', 'admin']],
  rc_b: ['bank-b', ['read', 'admin']],
  rc_c: ['bank-c', ['read', 'admin']],
};
const AT = '2026-03-10T08:00:00.000Z';
const RAISED_MS = Date.parse('2026-03-10T12:00:00Z');

export interface AlertConsole {
  readonly url: string;
  close(): Promise<void>;
}

/** A console over HTTP on a real log with three alerts; the store behind it knows failing devices of bank-a and bank-b. */
export async function startAlertConsole(): Promise<AlertConsole> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-alerts-'));
  const log = await openLmdbEventLog({ directory });
  const admin = Object.entries(CREDENTIALS).map(([token, [bank, scopes]]): AdminEvent => ({
    ...{ type: 'TokenCreated', at: AT, tokenId: token, bank, scopes, expiresAt: null },
    sha256: createHash('sha256').update(token).digest('hex'),
  }));
  for (const bank of ['bank-a', 'bank-b', 'bank-c'])
    admin.push({ type: 'BankAdded', at: AT, bank, timeZone: null, fqdn: false });
  await log.append(
    'patch.admin',
    admin.map((event) => ({ key: 'admin', value: Buffer.from(JSON.stringify(event)) })),
  );
  const alertLog = new AlertLog(log, () => undefined);
  await alertLog.decide(() => ({
    atMs: RAISED_MS,
    events: [raised(ALERTS.own, 'bank-a'), raised(ALERTS.several, '*'), raised(ALERTS.over, 'bank-a')],
  }));
  await alertLog.decide(() => ({ atMs: RAISED_MS + 60_000, events: [resolved(ALERTS.over)] }));

  @Module({})
  class AlertConsoleModule {}
  const app = await createConsole(
    {
      module: AlertConsoleModule,
      imports: [CqrsModule.forRoot()],
      controllers: [AlertsController, QuestionsController],
      providers: [
        { provide: AdminReader, useValue: new AdminReader(log, 10_000) },
        { provide: AlertLog, useValue: alertLog },
        { provide: AttemptStore, useValue: storeOf(alertLog) },
        { provide: FailureQuestions, useValue: { remedyTrials: () => Promise.resolve([]) } },
        { provide: METRICS, useValue: createMetrics('console') },
        StorePosition,
        ...QUESTIONS,
      ],
    },
    createLogger('console', 'fatal'),
  );
  await app.listen(0, '127.0.0.1');
  return {
    url: await app.getUrl(),
    close: async () => {
      await app.close();
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const raised = (alertId: string, bank: string): AlertEvent =>
  alertEventSchema.parse({
    ...{ type: 'AlertRaised', alertId, eventNo: 1, tier: 'page', bank, build: '*', kb: '*' },
    signature: { id: 's1', l1: '0x80071ab1', l2: '', l3: '', fineness: 1, reason: 'code' },
    ...{ failed: 17, installs: 240, expected: 0.8, lnP: -22.4, branches: [], rate: 0.003, threshold: -12 },
    top: { bank: 'bank-a', build: '17763.6189', kb: 'KB5041578' },
    ...{ firstArrival: AT, thirdArrival: AT, channels: ['log'] },
  });
const resolved = (alertId: string): AlertEvent =>
  alertEventSchema.parse({
    ...{
      type: 'AlertResolved',
      alertId,
      eventNo: 2,
      reason: 'recovered',
      failed: 0,
      installs: 100,
      channels: [],
    },
  });

const storeOf = (alertLog: AlertLog) => ({
  alerts: ({ bank }: CohortFilter): Promise<Paged<AlertView>> => {
    const views = [...alertLog.state.alerts.values()].map((alert) => alertViewOf(alert, 'en', () => null));
    return Promise.resolve({
      items: views.filter((view) => bank === null || view.bank === bank),
      nextCursor: null,
    });
  },
  cohorts: ({ bank }: CohortFilter): Promise<Paged<Partial<Cohort>>> =>
    Promise.resolve({ items: bank === 'bank-c' ? [] : [{ failing: 4 }], nextCursor: null }),
  position: () => Promise.resolve({ generation: 'blue', asOf: AT, learning: [] }),
});
