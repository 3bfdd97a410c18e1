import type { Operation, Outcome, Rollback, Source, Stage } from './words.js';

export interface InnerError {
  readonly code: string;
  readonly kind: 'hresult' | 'win32' | 'ntstatus' | 'unknown';
  readonly origin?: string | undefined;
}

export interface FailingObject {
  readonly type: string;
  readonly name: string;
  readonly path?: string | undefined;
}

/**
 * One stored copy of a report in the form the rules read: times in ms UTC, absent words as `unknown` or ''.
 * The same event may arrive in several copies (retry, better parser); `report-copies.ts` chooses.
 */
export interface Report {
  readonly eventId: string;
  readonly bank: string;
  /** The device as sent; the canonical one is decided by links. */
  readonly deviceKey: string;
  /** What the report itself says it is about: `KB5041578`, `update:<id>.<revision>` or `package:<identity>`. */
  readonly kbKey: string;
  readonly receivedAtMs: number;
  /** Which copy of the observation it is: `copyHashOf` of the message. */
  readonly copyHash: string;
  readonly parserVersion: string;
  /** How many optional evidence fields are known: the richer copy is preferred. */
  readonly evidenceCount: number;

  readonly source: Source;
  readonly operation: Operation;
  readonly outcome: Outcome;
  /** null = not known or not plausible (before 2001, or later than receivedAt + 24 h). */
  readonly occurredAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** True when the sender gave a time that is not plausible. */
  readonly timeImplausible: boolean;
  readonly stage: Stage;
  readonly rollback: Rollback;
  /** '' when none. */
  readonly hresult: string;
  readonly reportedHresult: string;
  readonly innerErrors: readonly InnerError[];
  readonly failureSource: string;
  readonly failingObject: FailingObject | null;
  readonly osBuild: string;
  readonly osBuildAfter: string;
  readonly osInstance: string;
  readonly channel: string;
  readonly branch: string;
  readonly upgradedFrom: string;
  readonly updateId: string;
  readonly updateRevision: number;
  readonly packageIdentity: string;
  readonly deliveryMode: string;
}

/** What an inventory snapshot tells about a device's build at a time. */
export interface BuildObservation {
  readonly takenAtMs: number;
  readonly osBuild: string;
  readonly osInstance: string;
}

export interface Signature {
  /** 16 base32 characters from the deepest known level and the rules' version. */
  readonly id: string;
  /** Level 1: the code. */
  readonly l1: string;
  /** Level 2: stage and failure source; '' when neither is known. */
  readonly l2: string;
  /** Level 3: inner code (with kind) and failing object, normalised; '' when neither is known. */
  readonly l3: string;
  /** 0 wrapper, 1 code, 2 + stage or failure source, 3 + inner code or object. For display. */
  readonly fineness: 0 | 1 | 2 | 3;
  /** Why it was grouped so, for people. */
  readonly reason: string;
}

/**
 * What is known of an attempt's time: its start was told; only a later moment of it; nothing; or only something that
 * cannot be (1970, 2099).
 */
export type AttemptTiming = 'started' | 'ended' | 'unknown' | 'implausible';

/** All reports of one try to bring one KB onto one device. */
export interface Attempt {
  /** Earliest known time of the attempt; null when no report has one. */
  readonly startedAtMs: number | null;
  /** Time of its latest final outcome; null when open or not known. */
  readonly endedAtMs: number | null;
  /** Smallest receivedAt of its reports: when the watch first could know. */
  readonly arrivedAtMs: number;
  readonly timing: AttemptTiming;
  /** Whether the report that arrived first was read from a file or replayed. */
  readonly isImported: boolean;
  readonly outcome: Outcome;
  readonly operation: Operation;
  readonly stage: Stage;
  readonly rollback: Rollback;
  readonly hresult: string;
  readonly reportedHresult: string;
  /** `unknown` when neither a report nor the inventory says. */
  readonly build: string;
  readonly channel: string;
  readonly branch: string;
  readonly upgradedFrom: string;
  /** Of the finest failure of the attempt that no other supersedes; null when it holds none. */
  readonly signature: Signature | null;
  readonly eventIds: readonly string[];
}

/** A device's unsuperseded failure in one cohort (build and signature; bank and KB are the key's). */
export interface FinalFailure {
  readonly cohortId: string;
  readonly build: string;
  readonly signature: Signature;
  readonly channel: string;
  readonly branch: string;
  /** Times of the failures; null when none of them has a known time. */
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
  readonly arrivedAtMs: number;
  /** In an episode that no success has closed: the device is failing. */
  readonly open: boolean;
  /** Failing again after a closed episode or 14 days without. */
  readonly regressed: boolean;
  readonly attempts: number;
}

export interface LatestOutcome {
  readonly outcome: Outcome | 'not_installed';
  readonly atMs: number | null;
}

/** Everything that is concluded about one (bank, canonical device, resolved KB). */
export interface History {
  readonly attempts: readonly Attempt[];
  readonly failures: readonly FinalFailure[];
  readonly latest: LatestOutcome | null;
  /** Builds on which an install was attempted (a report other than not_applicable): the denominator. */
  readonly attemptedBuilds: readonly string[];
}
