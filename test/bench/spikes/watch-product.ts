import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { alertMessageSchema } from '#domain/alerts/alert-events.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import { levelsOf, signatureOf } from '#domain/signature/signature.js';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { learntFrom } from '#domain/spikes/learning.js';
import { ClickHouseWriters } from '#attempt-store/clickhouse/clickhouse-writers.js';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import { addBankKey } from '#runtime/bank-keys.js';
import { createLogger } from '#runtime/logger.js';
import { createMetrics } from '#runtime/metrics.js';
import { groupOf, PROJECTED_TOPICS } from '../../../apps/projector/projected-topics.js';
import { ProjectBatch, ProjectBatchHandler } from '../../../apps/projector/project-batch/project-batch.js';
import { SpikeWatch } from '../../../apps/projector/watch/spike-watch.js';
import { postReports } from '../../harness/post-reports.js';
import { startTestCollector } from '../../harness/test-collector.js';
import { HOUR_MS } from './scenario.js';
import type { LabelledReport, Scenario } from './scenario.js';
import { watchInMemory } from './watch-in-memory.js';
import type { WatchedEvent } from './watch-in-memory.js';

/** Hour 0 of every scenario: a Monday, 00:00 UTC. */
const START_MS = Date.parse('2024-01-01T00:00:00Z');
const DAY_HOURS = 24;
/**
 * Up to six missed hours are looks of today. The last hour of a day is reached with the next day's first arrival, and the
 * first hours of a day may have none: so half of the six.
 */
const HOURS_AT_ONCE = 3;
const [ROWS_A_POST, POSTS_AT_ONCE] = [5_000, 8];
const [MOST_TRIES, RETRY_MS] = [120, 500];
const AT_ONCE = 20_000;
/** From the start of a try to its outcome. */
const TRY_MS = 1_000;

/** Which part of a scenario is watched; what was before is only fed. */
export interface WatchedPart {
  readonly fromHour: number;
  readonly untilHour: number;
}

/** What the watch of the product said, and the pure functions on the same reports. */
export interface WatchedTwice {
  readonly product: readonly string[];
  readonly pure: readonly string[];
  readonly looks: number;
}

/**
 * Feeds a scenario through collector, log, projector and ClickHouse, day by day with `simulate` tokens, looks at every
 * hour of the part with the product's watch, and at the same hours with the pure functions.
 * @param clickhouse an empty one, as `writer`
 * @returns every alert event of both as a line, in order
 */
export async function watchTwice(
  scenario: Scenario,
  part: WatchedPart,
  clickhouse: string,
  note: (text: string) => void = () => undefined,
): Promise<WatchedTwice> {
  const reports = scenario.reports
    .filter(({ arrivedMs }) => arrivedMs < part.untilHour * HOUR_MS)
    .map(asOfProduct);
  keepTriesApart(reports);
  const { events, looks, firstLookMs, lastLookMs } = await watchProduct(reports, part, clickhouse, note);
  const learnt = learntFrom(firstArrivals(reports));
  const pure = await watchInMemory({
    reports,
    fromMs: START_MS,
    untilMs: lastLookMs + 1,
    lookEveryMs: HOUR_MS,
    looksAWeek: looksAWeek(HOUR_MS),
    decideFromMs: firstLookMs,
    isLearning: (bank, atMs) => (learnt.get(bank) ?? Infinity) > atMs,
  });
  return { product: linesOf(events), pure: linesOf(pure.events), looks };
}

interface FedReport extends LabelledReport {
  occurredMs: number;
  /** A try of the same device and KB was begun so shortly before that only a start of its own tells the two apart. */
  isCloseToLast: boolean;
}

/** A report with the series that the product gives its code, so that both search in the same order. */
function asOfProduct(report: LabelledReport): FedReport {
  return {
    ...report,
    isCloseToLast: false,
    bank: report.bank.toLowerCase(),
    device: `device-${report.device}`,
    arrivedMs: START_MS + report.arrivedMs,
    occurredMs: START_MS + report.occurredMs,
    levels:
      report.signature === null ? null : levelsOf(signatureOfCode(report.signature)).map(({ id }) => id),
  };
}

/**
 * A row of a scenario is one try, whatever came before it; the product takes outcomes within two hours for one try, unless
 * a start was told between them. Tries of one hour follow each other by seconds, for both.
 */
function keepTriesApart(reports: readonly FedReport[]): void {
  const ofPairs = new Map<string, FedReport[]>();
  for (const report of reports) {
    const pair = `${report.device}|${report.kb}`;
    const own = ofPairs.get(pair);
    if (own) own.push(report);
    else ofPairs.set(pair, [report]);
  }
  for (const own of ofPairs.values()) {
    own.sort((left, right) => left.occurredMs - right.occurredMs || left.arrivedMs - right.arrivedMs);
    own.forEach((report, index) => {
      const last = own[index - 1];
      if (!last) return;
      report.occurredMs = Math.max(report.occurredMs, last.occurredMs + 2 * TRY_MS);
      report.isCloseToLast = report.occurredMs - last.occurredMs <= 3 * HOUR_MS;
    });
  }
}

const signatureOfCode = (hresult: string) =>
  signatureOf({
    stage: 'unknown',
    hresult,
    reportedHresult: '',
    innerErrors: [],
    failureSource: '',
    failingObject: null,
  });

function firstArrivals(reports: readonly FedReport[]) {
  const first = new Map<string, number>();
  for (const { bank, arrivedMs } of reports) if (!first.has(bank)) first.set(bank, arrivedMs);
  return [...first].map(([bank, firstMs]) => ({ bank, firstMs }));
}

/** One line an event: when, what, of which alert, with its counts. Alerts are named by where and when they were raised. */
function linesOf(events: readonly WatchedEvent[]): string[] {
  const names = new Map<string, string>();
  return events.flatMap(({ atMs, event }) => {
    if (!('alertId' in event) || typeof event.alertId !== 'string' || event.type === 'DeliveryDone')
      return [];
    const hour = (atMs - START_MS) / HOUR_MS;
    if (event.type === 'AlertRaised') {
      const { tier, basis, bank, build, kb, signature } = event;
      names.set(event.alertId, `${tier}/${basis} ${bank}/${build}/${kb} ${signature.id} of ${hour}`);
    }
    const isCounted =
      event.type === 'AlertRaised' ||
      event.type === 'AlertUpdated' ||
      event.type === 'AlertWidened' ||
      event.type === 'AlertReopened';
    const counts = isCounted
      ? `: ${event.failed} of ${event.installs}, ${event.expected.toFixed(6)} expected, ln p ${event.lnP.toFixed(6)}`
      : '';
    const into = event.type === 'AlertMerged' ? ` into ${names.get(event.intoAlertId) ?? '?'}` : '';
    return [`${hour} ${event.type} ${names.get(event.alertId) ?? '?'}${counts}${into}`];
  });
}

async function watchProduct(
  reports: readonly FedReport[],
  { fromHour, untilHour }: WatchedPart,
  clickhouse: string,
  note: (text: string) => void,
) {
  const collector = await startTestCollector();
  const client = connectClickHouse({ url: clickhouse });
  const { log } = collector;
  try {
    const tokens = new Map<string, string>();
    for (const { bank } of firstArrivals(reports)) {
      addBankKey(join(collector.directory, 'keys.json'), bank);
      const at = new Date(START_MS).toISOString();
      await appendAdminEvent(log, { type: 'BankAdded', at, bank, timeZone: null, fqdn: false });
      tokens.set(bank, await collector.createToken(['collect', 'simulate'], { bank }));
    }
    const writers = new ClickHouseWriters(client, 'rules-of-the-test');
    await writers.prepare('blue');
    const handler = new ProjectBatchHandler(log, writers);
    const consumer = await log.consume(groupOf('blue'), PROJECTED_TOPICS);
    const watch = new SpikeWatch({
      log,
      store: writers.of('blue'),
      notifiers: [],
      symbolOf,
      lookEveryMs: HOUR_MS,
      logger: createLogger('test', 'warn'),
      metrics: createMetrics('test'),
    });
    let fed = 0;
    const feedUntil = async (hour: number): Promise<void> => {
      const from = fed;
      while ((reports[fed]?.arrivedMs ?? Infinity) < START_MS + hour * HOUR_MS) fed += 1;
      await postAll(collector.url, tokens, reports.slice(from, fed));
      for (;;) {
        const slices = await consumer.read({ maxRecords: AT_ONCE, maxBytes: 1 << 26, maxWaitMs: 0 });
        if (slices.length === 0) return;
        await handler.execute(new ProjectBatch('blue', slices));
        await consumer.commit(slices);
      }
    };
    const lookAt = async (hour: number): Promise<number> => {
      await watch.onProjected(START_MS + hour * HOUR_MS);
      await watch.settled();
      return watch.watchTimeMs ?? 0;
    };
    await feedUntil(fromHour + 1);
    const firstLookMs = await lookAt(fromHour);
    let lastLookMs = firstLookMs;
    for (let day = fromHour; day < untilHour; day += DAY_HOURS) {
      const end = Math.min(day + DAY_HOURS, untilHour);
      await feedUntil(end);
      for (let hour = day + HOURS_AT_ONCE; hour <= end; hour += HOURS_AT_ONCE)
        lastLookMs = await lookAt(hour);
      note(`fed and looked at until hour ${end}`);
    }
    await watch.stop();
    await consumer.close();
    const records = await log.readRange('patch.alerts', 0, 0, 1_000_000);
    const events = records.flatMap(({ value }): WatchedEvent[] => {
      const message = alertMessageSchema.parse(JSON.parse(value.toString('utf8')));
      return message.events.map((event) => ({ atMs: message.atMs, event }));
    });
    return { events, looks: (lastLookMs - firstLookMs) / HOUR_MS + 1, firstLookMs, lastLookMs };
  } finally {
    await client.close();
    await collector.close();
  }
}

async function postAll(
  url: string,
  tokens: ReadonlyMap<string, string>,
  reports: readonly FedReport[],
): Promise<void> {
  const ofBanks = new Map<string, object[][]>();
  for (const report of reports) {
    const posts = ofBanks.get(report.bank) ?? [[]];
    ofBanks.set(report.bank, posts);
    const last = posts.at(-1);
    if (last && last.length < ROWS_A_POST) last.push(...asPosted(report));
    else posts.push(asPosted(report));
  }
  const posts = [...ofBanks].flatMap(([bank, rows]) => rows.map((each) => ({ bank, rows: each })));
  for (let from = 0; from < posts.length; from += POSTS_AT_ONCE)
    await Promise.all(
      posts
        .slice(from, from + POSTS_AT_ONCE)
        .map(({ bank, rows }) => post(url, tokens.get(bank) ?? '', rows)),
    );
}

/** A busy collector asks to come again. @throws Error when not every row is taken */
async function post(url: string, token: string, rows: readonly object[]): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { status, body } = await postReports(url, token, rows);
    if ((status === 503 || status === 429) && tries < MOST_TRIES) {
      await sleep(RETRY_MS);
      continue;
    }
    const { accepted } = body as { accepted?: number };
    if (status !== 202 || accepted !== rows.length)
      throw new Error(`the collector took ${accepted ?? 0} of ${rows.length} rows: ${status}`);
    return;
  }
}

function asPosted(report: FedReport): object[] {
  const { device, build, kb, arrivedMs, occurredMs, signature, isCloseToLast } = report;
  const startedAt = new Date(occurredMs).toISOString();
  const start = {
    deviceKey: device,
    targetKb: kb,
    osBuild: build,
    source: 'windows_update_client',
    operation: 'install',
    outcome: 'unknown',
    startedAt,
    occurredAt: startedAt,
    receivedAt: new Date(arrivedMs).toISOString(),
    deliveryMode: 'live',
  };
  const end = {
    ...start,
    outcome: signature === null ? 'succeeded' : 'failed',
    ...(signature !== null && { hresult: signature }),
    occurredAt: new Date(occurredMs + TRY_MS).toISOString(),
  };
  return isCloseToLast ? [start, end] : [end];
}
