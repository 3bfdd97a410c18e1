import type { CohortRow } from '#domain/cohort-explanation/cohort-row.js';
import type { Observation } from '#domain/common-factor/common-factors.js';
import type { PackageSnapshot } from '#domain/packages/device-packages.js';
import type { RemedyTrial } from '#domain/remedies/remedy-trials.js';
import type { SignatureView } from './attempt-store.js';

/** `bank: null` = every bank (an operator's credential). */
export interface RemedyFilter {
  readonly bank: string | null;
  readonly kb?: string | undefined;
}

/** What is to be explained: an update and the signature it fails with. */
export interface ExplainedCohort {
  readonly kb: string;
  readonly signatureId: string;
}

export interface FailedCohort extends ExplainedCohort {
  readonly bank: string;
  readonly build: string;
}

/** Listings of one device's packages, newest branch of it. */
export interface DeviceSnapshots {
  readonly bank: string;
  readonly deviceKey: string;
  readonly branch: string;
  readonly snapshots: readonly PackageSnapshot[];
}

/** Questions about what failures share and what helped: they look behind the conclusions, at what was reported. */
export abstract class FailureQuestions {
  /** The levels of a signature by its id; null when no attempt in these banks has it. */
  abstract signature(bank: string | null, signatureId: string): Promise<SignatureView | null>;
  /** Every use of a remedy, with what it treated and what came of it by now. */
  abstract remedyTrials(filter: RemedyFilter): Promise<readonly RemedyTrial[]>;
  /** Attempts of one device (by its canonical key), and successes of others at the same updates. */
  abstract deviceObservations(bank: string, deviceKey: string): Promise<readonly Observation[]>;
  /** Failures of one cohort, and successes at the same update. */
  abstract cohortObservations(cohort: FailedCohort): Promise<readonly Observation[]>;
  /** Every device that tried the update in these banks, with its attributes. */
  abstract explanationRows(bank: string | null, cohort: ExplainedCohort): Promise<readonly CohortRow[]>;
  /** Devices whose newest listing shows packages as Install Pending, with all that was seen of these packages. */
  abstract pendingPackages(bank: string | null): Promise<readonly DeviceSnapshots[]>;
}
