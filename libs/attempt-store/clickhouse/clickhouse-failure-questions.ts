import type { ClickHouseClient } from '@clickhouse/client';
import type { Generation } from '#domain/generation.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { SignatureView } from '../attempt-store.js';
import { FailureQuestions } from '../failure-questions.js';
import type { RemedyFilter } from '../failure-questions.js';
import { withStoreErrors } from './connection.js';
import type { Ask } from './questions/ask.js';
import { askRemedyTrials } from './questions/remedy-trials.js';
import { databaseOf } from './tables.js';

/** Asked of the generation that is live when each is asked. */
export class ClickHouseFailureQuestions extends FailureQuestions {
  constructor(
    private readonly client: ClickHouseClient,
    private readonly liveGeneration: () => Promise<Generation>,
  ) {
    super();
  }

  override async signature(signatureId: string): Promise<SignatureView | null> {
    const [row] = await this.ask<SignatureView>(
      `SELECT signature_id AS id, l1, l2, l3, fineness, reason FROM ${await this.database()}.signatures WHERE signature_id = {id:String} LIMIT 1`,
      { id: signatureId },
    );
    return row ?? null;
  }

  override async remedyTrials(filter: RemedyFilter): Promise<readonly RemedyTrial[]> {
    return askRemedyTrials(this.ask, await this.database(), filter);
  }

  private async database(): Promise<string> {
    return databaseOf(await this.liveGeneration());
  }

  private readonly ask: Ask = async <T>(
    query: string,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<T[]> =>
    withStoreErrors(async () => {
      const result = await this.client.query({
        query,
        query_params: { ...parameters },
        format: 'JSONEachRow',
      });
      return result.json<T>();
    });
}
