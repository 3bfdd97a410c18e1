import type { ClickHouseClient } from '@clickhouse/client';
import type { Generation } from '#domain/generation.js';
import type { CohortRow } from '#domain/cohort-explanation/cohort-row.js';
import type { Observation } from '#domain/common-factor/common-factors.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import { idsOf } from '#domain/signature/signature-aliases.js';
import type { SignatureAliases } from '#domain/signature/signature-aliases.js';
import type { SignatureView } from '../attempt-store.js';
import { FailureQuestions } from '../failure-questions.js';
import type { DeviceSnapshots, ExplainedCohort, FailedCohort, RemedyFilter } from '../failure-questions.js';
import { askOf } from './questions/ask.js';
import type { Ask } from './questions/ask.js';
import { askExplanationRows } from './questions/explanation-rows.js';
import { askCohortObservations, askDeviceObservations } from './questions/observations.js';
import { askPendingPackages } from './questions/pending-packages.js';
import { askRemedyTrials } from './questions/remedy-trials.js';
import { databaseOf } from './tables.js';

/** Asked of the generation that is live when each is asked. */
export class ClickHouseFailureQuestions extends FailureQuestions {
  private readonly ask: Ask;

  constructor(
    private readonly client: ClickHouseClient,
    private readonly liveGeneration: () => Promise<Generation>,
    /** What ids of earlier rules became. */
    private readonly aliases: () => Promise<SignatureAliases> = () => Promise.resolve(new Map()),
  ) {
    super();
    this.ask = askOf(client);
  }

  override async signature(bank: string | null, signatureId: string): Promise<SignatureView | null> {
    const database = await this.database();
    const ids = idsOf(await this.aliases(), signatureId);
    const ofBank = bank === null ? '1' : 'bank = {bank:String}';
    const [row] = await this.ask<SignatureView>(
      `SELECT signature_id AS id, l1, l2, l3, fineness, reason FROM ${database}.signatures
       WHERE signature_id IN (SELECT signature_id FROM ${database}.attempts WHERE ${ofBank} AND has({ids:Array(String)}, signature_id))
       ORDER BY signature_id = {id:String} DESC, signature_id LIMIT 1`,
      { id: signatureId, ids, ...(bank === null ? {} : { bank }) },
    );
    return row ?? null;
  }

  override async remedyTrials(filter: RemedyFilter): Promise<readonly RemedyTrial[]> {
    return askRemedyTrials(this.ask, await this.database(), filter);
  }

  override async deviceObservations(bank: string, deviceKey: string): Promise<readonly Observation[]> {
    return askDeviceObservations(this.ask, await this.database(), bank, deviceKey);
  }

  override async cohortObservations(cohort: FailedCohort): Promise<readonly Observation[]> {
    return askCohortObservations(this.ask, await this.database(), cohort);
  }

  override async explanationRows(
    bank: string | null,
    cohort: ExplainedCohort,
  ): Promise<readonly CohortRow[]> {
    return askExplanationRows(this.ask, await this.database(), bank, cohort);
  }

  override async pendingPackages(bank: string | null): Promise<readonly DeviceSnapshots[]> {
    return askPendingPackages(this.ask, await this.database(), bank);
  }

  private async database(): Promise<string> {
    return databaseOf(await this.liveGeneration());
  }
}
