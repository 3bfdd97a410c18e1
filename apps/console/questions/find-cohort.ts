import { NotFoundException } from '@nestjs/common';
import type { AttemptStore, CohortDetail } from '#attempt-store/attempt-store.js';

/** Who asks: `bank` null = about any bank; `everyBank` = may know about all of them. */
export interface CohortReader {
  readonly bank: string | null;
  readonly everyBank: boolean;
}

/**
 * A cohort from near. Asked with the credential's own reach, so that an operator who names a bank still learns how many
 * others have the same. @throws NotFoundException
 */
export async function findCohort(
  store: AttemptStore,
  { bank, everyBank }: CohortReader,
  cohortId: string,
): Promise<CohortDetail> {
  const cohort = await store.cohort(everyBank ? null : bank, cohortId);
  if (cohort && (bank === null || cohort.bank === bank)) return cohort;
  throw new NotFoundException(`cohort ${cohortId} is not known`);
}
