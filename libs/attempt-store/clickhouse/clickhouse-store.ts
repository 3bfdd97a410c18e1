import type { ClickHouseClient } from '@clickhouse/client';
import { AttemptStore } from '../attempt-store.js';
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
  StoredUpTo,
  StoreStatus,
} from '../attempt-store.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { arrivalSpansQuery } from './questions/arrivals.js';
import { attemptFromRow, attemptQuery } from './questions/attempt-rows.js';
import type { AttemptRow } from './questions/attempt-rows.js';
import { alertFromRow } from './questions/alert-rows.js';
import type { AlertRow } from './questions/alert-rows.js';
import { askFormerCohort } from './questions/former-cohort.js';
import { askCohortDetail } from './questions/cohort-detail.js';
import { cohortFromRow, filterConditions } from './questions/cohort-rows.js';
import type { CohortRow } from './questions/cohort-rows.js';
import { Conditions } from './questions/conditions.js';
import { askDevice } from './questions/device.js';
import { askOf } from './questions/ask.js';
import type { Ask } from './questions/ask.js';
import { databaseOf } from './tables.js';
import type { Generation } from '#domain/generation.js';
import { idsOf } from '#domain/signature/signature-aliases.js';
import type { SignatureAliases } from '#domain/signature/signature-aliases.js';
import { learningBanks } from '#domain/spikes/learning.js';

/** The questions, asked of the generation that is live when each is asked. */
export class ClickHouseStore extends AttemptStore {
  private readonly ask: Ask;

  constructor(
    private readonly client: ClickHouseClient,
    private readonly liveGeneration: () => Promise<Generation>,
    /** What ids of earlier rules became: whoever asks with one is answered. */
    private readonly aliases: () => Promise<SignatureAliases> = () => Promise.resolve(new Map()),
  ) {
    super();
    this.ask = askOf(client);
  }

  override async cohorts(filter: CohortFilter, page: Page): Promise<Paged<Cohort>> {
    const database = await this.database();
    const conditions = filterConditions(
      filter,
      { signatureCode: 'signature_l1', since: 'last_seen' },
      await this.signaturesOf(filter),
    );
    if (page.cursor !== undefined) {
      const [failing, everFailed, cohortId] = decodeCursor(page.cursor, 3) as [number, number, string];
      const last = `(${conditions.bind('Int64', -failing)}, ${conditions.bind('Int64', -everFailed)}, ${conditions.bind('String', cohortId)})`;
      conditions.add(`(-toInt64(failing), -toInt64(ever_failed), cohort_id) > ${last}`);
    }
    const rows = await this.ask<CohortRow>(
      `SELECT * FROM ${database}.cohorts WHERE ${conditions.sql} ORDER BY failing DESC, ever_failed DESC, cohort_id LIMIT ${page.limit + 1}`,
      conditions.parameters,
    );
    return paged(rows, page.limit, cohortFromRow, (row) => [row.failing, row.ever_failed, row.cohort_id]);
  }

  override async cohort(bank: string | null, cohortId: string): Promise<CohortDetail | null> {
    const database = await this.database();
    const found = await askCohortDetail(this.ask, database, bank, cohortId);
    if (found) return found;
    const current = await askFormerCohort(this.ask, database, bank, cohortId, await this.aliases());
    return current === null ? null : askCohortDetail(this.ask, database, bank, current);
  }

  override async device(bank: string | null, deviceKey: string): Promise<DeviceView | null> {
    return askDevice(this.ask, await this.database(), bank, deviceKey);
  }

  override async attempts(filter: AttemptFilter, page: Page): Promise<Paged<AttemptView>> {
    const database = await this.database();
    const inner = filterConditions(
      { ...filter, signature: undefined, since: undefined },
      { signatureCode: 'signature_id', since: 'arrived_at' },
    )
      .where('device_key', '=', 'String', filter.deviceKey)
      .where('outcome', '=', 'String', filter.outcome);
    const query = attemptQuery(database, inner.sql);
    const outer = new Conditions();
    Object.assign(outer.parameters, inner.parameters);
    if (filter.since !== undefined) outer.where('sort_ms', '>=', 'Int64', Date.parse(filter.since));
    const signatures = await this.signaturesOf(filter);
    if (signatures.length > 0) {
      const values = outer.bind('Array(String)', signatures);
      outer.add(`(has(${values}, signature_id) OR has(${values}, l1))`);
    }
    if (page.cursor !== undefined) {
      const [sortMs, bank, deviceKey, kb, firstEvent] = decodeCursor(page.cursor, 5) as [
        number,
        string,
        string,
        string,
        string,
      ];
      outer.add(
        `(-sort_ms, bank, device_key, kb, event_ids[1]) > (${outer.bind('Int64', -sortMs)}, ${outer.bind('String', bank)}, ${outer.bind('String', deviceKey)}, ${outer.bind('String', kb)}, ${outer.bind('String', firstEvent)})`,
      );
    }
    const rows = await this.ask<AttemptRow>(
      `SELECT * FROM (${query}) WHERE ${outer.sql} ORDER BY sort_ms DESC, bank, device_key, kb, event_ids[1] LIMIT ${page.limit + 1}`,
      outer.parameters,
    );
    return paged(rows, page.limit, attemptFromRow, (row) => [
      row.sort_ms,
      row.bank,
      row.device_key,
      row.kb,
      row.event_ids[0] ?? '',
    ]);
  }

  override async alerts(filter: CohortFilter, page: Page): Promise<Paged<AlertView>> {
    const database = await this.database();
    const conditions = filterConditions(
      filter,
      { signatureCode: 'signature_l1', since: 'opened_at' },
      await this.signaturesOf(filter),
    );
    if (page.cursor !== undefined) {
      const [openedMs, alertId] = decodeCursor(page.cursor, 2) as [number, string];
      conditions.add(
        `(-toUnixTimestamp64Milli(opened_at), alert_id) > (${conditions.bind('Int64', -openedMs)}, ${conditions.bind('String', alertId)})`,
      );
    }
    const rows = await this.ask<AlertRow>(
      `SELECT * FROM ${database}.alerts WHERE ${conditions.sql} ORDER BY opened_at DESC, alert_id LIMIT ${page.limit + 1}`,
      conditions.parameters,
    );
    return paged(rows, page.limit, alertFromRow, (row) => [Date.parse(row.opened_at), row.alert_id]);
  }

  override async position(bank: string | null): Promise<StoredUpTo> {
    const conditions = new Conditions().where('bank', '=', 'String', bank);
    const arrivals = await this.ask<{ bank: string; first_ms: number; last_ms: number }>(
      arrivalSpansQuery(await this.database(), conditions.sql),
      conditions.parameters,
    );
    const lastMs = arrivals.reduce((last, { last_ms }) => Math.max(last, last_ms), Number.NEGATIVE_INFINITY);
    return {
      generation: await this.liveGeneration(),
      asOf: arrivals.length === 0 ? null : new Date(lastMs).toISOString(),
      learning: learningBanks(
        arrivals.map(({ bank: name, first_ms: firstMs }) => ({ bank: name, firstMs })),
        lastMs,
      ),
    };
  }

  override async status(bank: string | null): Promise<StoreStatus> {
    const position = await this.position(bank);
    const database = await this.database();
    const conditions = new Conditions().where('bank', '=', 'String', bank);
    // Groups go to disk when there are too many; a set of `uniqExact` would not fit in memory at ten million reports.
    const [row] = await this.ask<Record<'reports' | 'devices' | 'attempts' | 'failing' | 'cohorts', number>>(
      `SELECT
         (SELECT count() FROM (SELECT bank, event_id FROM ${database}.reports WHERE ${conditions.sql} GROUP BY bank, event_id)) AS reports,
         (SELECT uniqExact(bank, device_key) FROM ${database}.histories FINAL WHERE latest_outcome != '' AND ${conditions.sql}) AS devices,
         (SELECT sum(length(\`attempts.outcome\`)) FROM ${database}.histories FINAL WHERE ${conditions.sql}) AS attempts,
         (SELECT uniqExactIf((bank, device_key), open) FROM ${database}.final_failures WHERE ${conditions.sql}) AS failing,
         (SELECT uniqExact(bank, cohort_id) FROM ${database}.final_failures WHERE ${conditions.sql}) AS cohorts`,
      conditions.parameters,
    );
    return {
      ...position,
      reports: row?.reports ?? 0,
      attempts: row?.attempts ?? 0,
      devices: row?.devices ?? 0,
      failingDevices: row?.failing ?? 0,
      cohorts: row?.cohorts ?? 0,
    };
  }

  private async signaturesOf({ signature }: CohortFilter): Promise<readonly string[]> {
    return signature === undefined ? [] : idsOf(await this.aliases(), signature);
  }

  private async database(): Promise<string> {
    return databaseOf(await this.liveGeneration());
  }
}

/** One row more than the page was asked for, to know whether there is a next one. */
function paged<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  sortValues: (row: Row) => (string | number)[],
): Paged<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(sortValues(last)) : null,
  };
}
