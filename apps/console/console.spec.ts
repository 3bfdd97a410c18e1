import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AttemptStore, StoreUnavailableError } from '#attempt-store/attempt-store.js';
import { FailureQuestions } from '#attempt-store/failure-questions.js';
import type {
  AlertView,
  AttemptFilter,
  AttemptView,
  Cohort,
  CohortDetail,
  CohortFilter,
  DeviceView,
  Page,
  Paged,
} from '#attempt-store/attempt-store.js';
import type { AdminEvent, Scope } from '#domain/admin.js';
import { initialAlertsState } from '#domain/alerts/alerts-state.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { AlertLog } from '#event-log/alert-log.js';
import { LogUnavailableError } from '#event-log/event-log.js';
import type { EventLog } from '#event-log/event-log.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { codeAnswer } from './codes/code-answer.js';
import { CodesController } from './codes/codes.controller.js';
import { kbAnswer } from './kb/kb-answer.js';
import { KbController } from './kb/kb.controller.js';
import { alertListAnswer } from './alerts/alert-answers.js';
import { createConsole } from './create-console.js';
import {
  attemptAnswer,
  cohortAnswer,
  cohortDetailAnswer,
  deviceAnswer,
  listAnswer,
  statusAnswer,
} from './http/answers.js';
import { HealthController } from './http/health.controller.js';
import { METRICS } from './http/metrics-token.js';
import { OpenApiController } from './http/openapi.controller.js';
import { QuestionsController } from './http/questions.controller.js';
import { QUESTIONS } from './questions/all-questions.js';
import { StorePosition } from './questions/store-position.js';

const AT = '2026-11-20T12:00:00.000Z';
const LEARNING = { bank: 'bank-b', until: '2026-12-10T12:00:00.000Z' };
const signature = {
  id: 's1',
  l1: '0x80071ab1',
  l2: 'poqexec/-',
  l3: '',
  fineness: 2,
  reason: 'code and stage',
};
const cohortOf = (bank: string): Cohort => ({
  cohortId: `c-${bank}`,
  bank,
  build: '19044.4780',
  kb: 'KB5043064',
  signature,
  failing: 7,
  everFailed: 8,
  attempted: 100,
  firstSeen: AT,
  lastSeen: AT,
  regressed: 0,
});
const attempt: AttemptView = {
  bank: 'bank-a',
  deviceKey: 'd-1',
  kb: 'KB5043064',
  startedAt: AT,
  endedAt: null,
  outcome: 'rolled_back',
  operation: 'install',
  stage: 'poqexec',
  rollback: 'completed',
  hresult: '0x80071ab1',
  reportedHresult: '',
  build: '19044.4780',
  channel: 'wsus',
  branch: 'branch-001',
  signature,
  reports: ['e1'],
};

/** Remembers what it was asked; answers one cohort a bank. */
class AskedStore extends AttemptStore {
  readonly asked: unknown[] = [];
  down = false;

  override cohorts(filter: CohortFilter, page: Page): Promise<Paged<Cohort>> {
    this.asked.push({ filter, page });
    if (this.down) return Promise.reject(new StoreUnavailableError('away'));
    if (page.cursor === 'foreign') {
      return Promise.reject(Object.assign(new Error('no cursor of this list'), { name: 'CursorError' }));
    }
    const banks = filter.bank === null ? ['bank-a', 'bank-b'] : [filter.bank];
    return Promise.resolve({ items: banks.map(cohortOf), nextCursor: 'next' });
  }
  override cohort(bank: string | null, cohortId: string): Promise<CohortDetail | null> {
    if (cohortId !== 'c-bank-a' || bank === 'bank-b') return Promise.resolve(null);
    return Promise.resolve({
      ...cohortOf('bank-a'),
      devices: [{ deviceKey: 'd-1', branch: 'branch-001', open: true, lastSeen: AT }],
      branches: [{ name: 'branch-001', devices: 7 }],
      channels: [{ name: 'wsus', devices: 7 }],
      attempts: 9,
      stage: 'poqexec',
      hresult: '0x80071ab1',
      reportedHresult: '',
      innerErrors: [],
      excerpt: ['Error CSI poqexec 0x80071ab1'],
      otherBanks: bank === null ? 1 : null,
      sources: ['servicing'],
    });
  }
  override device(_bank: string | null, deviceKey: string): Promise<DeviceView | null> {
    if (deviceKey !== 'd-1') return Promise.resolve(null);
    const latest = [{ kb: 'KB5043064', outcome: 'rolled_back' as const, at: AT }];
    const facts = {
      deviceKey,
      bank: 'bank-a',
      osBuild: '19044.4780',
      model: 'Teller 300',
      branch: 'branch-001',
    };
    return Promise.resolve({ ...facts, latest, attempts: [attempt], codes: { '0x80071ab1': 1 } });
  }
  override attempts(filter: AttemptFilter): Promise<Paged<AttemptView>> {
    this.asked.push({ filter });
    return Promise.resolve({ items: [attempt], nextCursor: null });
  }
  override alerts(): Promise<Paged<AlertView>> {
    const { bank, build, kb } = cohortOf('bank-a');
    const numbers = { failed: 7, installs: 100, expected: 0.1, lnP: -40 };
    const state = {
      tier: 'ticket' as const,
      state: 'open' as const,
      openedAt: AT,
      resolvedAt: null,
      text: 'seven failed',
      deliveries: ['log'],
    };
    return Promise.resolve({
      items: [{ alertId: 'a1', bank, build, kb, signature, ...state, ...numbers }],
      nextCursor: null,
    });
  }
  override position(): ReturnType<AttemptStore['position']> {
    if (this.down) return Promise.reject(new StoreUnavailableError('away'));
    return Promise.resolve({ generation: 'blue', asOf: AT, learning: [LEARNING] });
  }
  override async status(): ReturnType<AttemptStore['status']> {
    const counts = { reports: 1, attempts: 1, devices: 1, failingDevices: 1, cohorts: 1 };
    return { ...(await this.position()), ...counts };
  }
}

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const created = (
  token: string,
  bank: string,
  scopes: Scope[],
  expiresAt: string | null = null,
): AdminEvent => ({
  type: 'TokenCreated',
  at: AT,
  tokenId: token,
  sha256: sha256(token),
  bank,
  scopes,
  expiresAt,
});
const added = (bank: string): AdminEvent => ({
  type: 'BankAdded',
  at: AT,
  bank,
  timeZone: null,
  fqdn: false,
});
const events: AdminEvent[] = [
  added('bank-a'),
  added('bank-b'),
  created('rc_a', 'bank-a', ['read']),
  created('rc_all', '*', ['read', 'admin']),
  created('rc_sender', 'bank-a', ['collect']),
  created('rc_old', 'bank-a', ['read'], '2020-01-01T00:00:00.000Z'),
];
let isLogAway = false;
const adminLog = {
  readRange: async (_topic: string, _partition: number, from: number) => {
    if (isLogAway) throw new LogUnavailableError('away', 'no_quorum');
    return Promise.resolve(
      events.slice(from).map((event, index) => ({
        offset: from + index,
        key: 'admin',
        value: Buffer.from(JSON.stringify(event)),
        headers: {},
        appendedAtMs: 0,
      })),
    );
  },
} as unknown as EventLog;

@Module({})
class SpecModule {}

const store = new AskedStore();
const specModule: DynamicModule = {
  module: SpecModule,
  imports: [CqrsModule.forRoot()],
  controllers: [QuestionsController, CodesController, KbController, OpenApiController, HealthController],
  providers: [
    { provide: AdminReader, useValue: new AdminReader(adminLog, 10_000) },
    { provide: AttemptStore, useValue: store },
    { provide: AlertLog, useValue: { refresh: () => Promise.resolve(initialAlertsState) } },
    { provide: FailureQuestions, useValue: { remedyTrials: () => Promise.resolve([]) } },
    { provide: METRICS, useValue: createMetrics('console') },
    StorePosition,
    ...QUESTIONS,
  ],
};

let app: NestFastifyApplication;
let base: string;
beforeAll(async () => {
  app = await createConsole(specModule, createLogger('console', 'fatal'));
  await app.listen(0, '127.0.0.1');
  base = await app.getUrl();
});
afterAll(async () => {
  await app.close();
});

const ask = (path: string, token: string | null = 'rc_all'): Promise<Response> =>
  fetch(`${base}/${path}`, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
const askJson = async (path: string, token?: string) => {
  const response = await ask(path, token);
  expect(response.status).toBe(200);
  return await response.json();
};

describe('answers', () => {
  it('have the published shape', async () => {
    expect(listAnswer(cohortAnswer).safeParse(await askJson('api/v1/cohorts')).error).toBeUndefined();
    expect(cohortDetailAnswer.safeParse(await askJson('api/v1/cohorts/c-bank-a')).error).toBeUndefined();
    expect(deviceAnswer.safeParse(await askJson('api/v1/devices/d-1')).error).toBeUndefined();
    expect(listAnswer(attemptAnswer).safeParse(await askJson('api/v1/attempts')).error).toBeUndefined();
    expect(alertListAnswer.safeParse(await askJson('api/v1/alerts')).error).toBeUndefined();
    expect(statusAnswer.safeParse(await askJson('api/v1/status')).error).toBeUndefined();
  });

  it('name their generation, their time and the next page', async () => {
    expect(await askJson('api/v1/cohorts?limit=2')).toMatchObject({
      generation: 'blue',
      asOf: AT,
      nextCursor: 'next',
    });
  });

  it('say with alerts and status which banks are still learnt', async () => {
    for (const path of ['alerts', 'status'])
      expect(await askJson(`api/v1/${path}`)).toMatchObject({ learning: [LEARNING] });
    expect(await askJson('api/v1/cohorts')).not.toHaveProperty('learning');
  });

  it('hold a case in the language asked for', async () => {
    const zh = (await askJson('api/v1/cohorts/c-bank-a/case?lang=zh')) as { title: string; body: string };
    const en = (await askJson('api/v1/cohorts/c-bank-a/case?lang=en')) as { title: string; body: string };
    expect(`${zh.title}${zh.body}`).toMatch(/\p{Script=Han}/u);
    expect(`${en.title}${en.body}`).toContain('KB5043064');
  });

  it('pass filters and pages on to the store', async () => {
    store.asked.length = 0;
    await askJson(
      'api/v1/cohorts?build=19044.4780&kb=KB5043064&signature=s1&since=2026-11-01T08:00:00%2B08:00&cursor=c&limit=3',
    );
    expect(store.asked).toEqual([
      {
        filter: {
          bank: null,
          build: '19044.4780',
          kb: 'KB5043064',
          signature: 's1',
          since: '2026-11-01T00:00:00.000Z',
        },
        page: { cursor: 'c', limit: 3 },
      },
    ]);
  });
});

describe('credentials', () => {
  it('decide the bank', async () => {
    expect(await askJson('api/v1/cohorts', 'rc_a')).toMatchObject({ items: [{ bank: 'bank-a' }] });
    expect(await askJson('api/v1/cohorts?bank=bank-b', 'rc_all')).toMatchObject({
      items: [{ bank: 'bank-b' }],
    });
    for (const path of [
      'cohorts',
      'cohorts/c-bank-a',
      'cohorts/c-bank-a/case',
      'devices/d-1',
      'attempts',
      'alerts',
      'status',
    ]) {
      expect((await ask(`api/v1/${path}?bank=bank-b`, 'rc_a')).status).toBe(403);
    }
  });

  it('for every bank, and no other, see how many other banks fail the same', async () => {
    for (const path of ['c-bank-a', 'c-bank-a?bank=bank-a'])
      expect(await askJson(`api/v1/cohorts/${path}`)).toMatchObject({ otherBanks: 1 });
    expect((await ask('api/v1/cohorts/c-bank-a?bank=bank-b')).status).toBe(404);
    expect(await askJson('api/v1/cohorts/c-bank-a', 'rc_a')).toMatchObject({ otherBanks: null });
    const draft = await askJson('api/v1/cohorts/c-bank-a/case?lang=en', 'rc_a');
    expect((draft as { body: string }).body).toContain('[not visible: number of other banks]');
  });

  it('are asked for, and need scope read', async () => {
    const refused = await ask('api/v1/cohorts', null);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect((await ask('api/v1/cohorts', 'rc_guess')).status).toBe(401);
    expect((await ask('api/v1/cohorts', 'rc_old')).status).toBe(401);
    expect((await ask('api/v1/cohorts', 'rc_sender')).status).toBe(403);
  });

  it('work at once when they are new', async () => {
    expect((await ask('api/v1/status', 'rc_new')).status).toBe(401);
    events.push(created('rc_new', 'bank-b', ['read']));
    expect((await ask('api/v1/status', 'rc_new')).status).toBe(200);
  });
});

describe('wrong questions', () => {
  it.each([
    ['api/v1/cohorts/c-none', 404],
    ['api/v1/cohorts/c-none/case', 404],
    ['api/v1/devices/d-none', 404],
    ['api/v1/nothing', 404],
    ['api/v1/cohorts?bank=nobank', 404],
    ['api/v1/cohorts?kb=foo', 400],
    ['api/v1/cohorts?limit=0', 400],
    ['api/v1/cohorts?limit=1e9', 400],
    ['api/v1/cohorts?since=yesterday', 400],
    ['api/v1/cohorts?bannk=bank-a', 400],
    ['api/v1/cohorts?cursor=foreign', 400],
    ['api/v1/attempts?outcome=exploded', 400],
    ['api/v1/cohorts/c-bank-a/case?lang=fr', 400],
  ])('%s → %i as a problem', async (path, status) => {
    const response = await ask(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as { status: number; detail: string; code: string };
    expect(problem).toMatchObject({ status, code: status === 404 ? 'not_found' : 'wrong_parameter' });
    expect(problem.detail.length).toBeGreaterThan(5);
  });

  it('a store that is away is 503 with Retry-After, and readiness says so', async () => {
    store.down = true;
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // the remembered position is a second old at most
    const response = await ask('api/v1/cohorts');
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(await response.json()).toMatchObject({ code: 'store_unavailable' });
    expect((await ask('readyz', null)).status).toBe(503);
    expect((await ask('healthz', null)).status).toBe(200);
    store.down = false;
    expect((await ask('readyz', null)).status).toBe(200);
  });

  it('an event log that is away keeps nobody out who was known a moment ago; a token that it must tell of is 503', async () => {
    isLogAway = true;
    expect((await ask('api/v1/cohorts')).status).toBe(200);
    const response = await ask('api/v1/cohorts', 'rc_nobody');
    isLogAway = false;
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'log_unavailable' });
    expect((await ask('api/v1/cohorts', 'rc_nobody')).status).toBe(401);
  });
});

describe('codes', () => {
  it.each([
    ['0x80071AB1', { ambiguous: false, symbol: 'ERROR_LOG_GROWTH_FAILED', status: 'explained' }],
    ['HRESULT_FROM_WIN32(1753)', { ambiguous: false, code: '0x800706d9' }],
    ['1058?as=win32', { ambiguous: false, symbol: 'ERROR_SERVICE_DISABLED' }],
    ['1058', { ambiguous: true, readings: [{ kind: 'win32' }, { kind: 'win32' }] }],
    ['0x8e5e03fa', { status: 'unknown', symbol: 'unknown' }],
  ])('%s is explained in the published shape', async (path, answer) => {
    expect(codeAnswer.parse(await askJson(`api/v1/codes/${path}`))).toMatchObject(answer);
  });

  it('need a token; what is no code is not found', async () => {
    expect((await ask('api/v1/codes/0x80071ab1', null)).status).toBe(401);
    expect((await ask('api/v1/codes/0x80071ab1', 'rc_sender')).status).toBe(403);
    expect((await ask('api/v1/codes/hello')).status).toBe(404);
    expect((await ask('api/v1/codes/1058?as=octal')).status).toBe(400);
  });
});

describe('kb', () => {
  it.each([
    ['KB5043064/check?build=17763.2114', { verdict: 'wrong_build', instead: { kb: 'KB5043050' } }],
    ['KB6016623/check', { verdict: 'unknown_kb', compliance: null }],
    [
      'kb5041578/check?build=17763.2114&claimed=V2022-L&at=2024-09-10',
      {
        verdict: 'applicable',
        edition: { verdict: 'conflict' },
        compliance: { verdict: 'n_behind', behind: 37 },
      },
    ],
  ])('%s is answered in the published shape', async (path, answer) => {
    expect(kbAnswer.parse(await askJson(`api/v1/kb/${path}`))).toMatchObject(answer);
  });

  it('need a token and a KB', async () => {
    expect((await ask('api/v1/kb/KB5041578/check', null)).status).toBe(401);
    expect((await ask('api/v1/kb/hello/check')).status).toBe(400);
    expect((await ask('api/v1/kb/KB5041578/check?build=new')).status).toBe(400);
  });
});

describe('without a token', () => {
  it('the description of the questions names every route and its answers', async () => {
    const document = (await (await ask('api/openapi.json', null)).json()) as {
      paths: Record<string, unknown>;
    };
    expect(Object.keys(document.paths)).toEqual([
      '/api/v1/cohorts',
      '/api/v1/cohorts/{cohortId}',
      '/api/v1/cohorts/{cohortId}/case',
      '/api/v1/devices/{deviceKey}',
      '/api/v1/cohorts/{cohortId}/explanation',
      '/api/v1/devices/{deviceKey}/factors',
      '/api/v1/packages/stale',
      '/api/v1/attempts',
      '/api/v1/alerts',
      '/api/v1/codes/{code}',
      '/api/v1/kb/{kb}/check',
      '/api/v1/remedies',
      '/api/v1/remedies/{failure}',
      '/api/v1/status',
      '/api/v1/alerts/{alertId}',
      '/api/v1/alerts/{alertId}/acknowledge',
      '/api/v1/alerts/{alertId}/snooze',
      '/api/v1/silences',
      '/api/v1/silences/{silenceId}',
    ]);
    expect(JSON.stringify(document.paths['/api/v1/cohorts'])).toContain('everFailed');
  });

  it('metrics count requests by route', async () => {
    const text = await (await ask('metrics', null)).text();
    expect(text).toMatch(
      /rollcall_http_requests_total\{route="\/api\/v1\/cohorts",status="200",app="console"\} \d+/,
    );
  });
});
