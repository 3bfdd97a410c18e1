import { z } from 'zod';
import { bankSchema } from '#domain/attempt-event.js';
import type { CommonFactor } from '#domain/common-factor/common-factors.js';
import type { ExplanationAnswer } from './explain-cohort.js';
import type { StalePackageView } from './list-stale-packages.js';

const MOST_DAYS = 10_000;

export const stalePackageParameters = z.strictObject({
  bank: bankSchema.optional(),
  days: z.coerce.number().int().min(0).max(MOST_DAYS).default(14).describe('name packages that wait longer'),
  at: z.iso.datetime({ offset: true }).optional().describe('looked at from this time; default: now'),
});

const instant = z.iso.datetime();
const count = z.number().int().nonnegative();
const tally = { devices: count, failed: count };
const values = z.array(z.object({ attribute: z.string(), value: z.string() })).readonly();

export const commonFactorAnswer = z.object({
  factor: z.string().describe('inf:cpu.inf, service:winmgmt, package:…, channel:wsus, upgraded_from:v2020-l'),
  failures: count,
  failuresWith: count,
  successes: count,
  successesWith: count,
  codes: z.array(z.string()).readonly().describe('codes of the failures that have it'),
  score: z.number().describe('0 tells nothing; above 1: nearly all failures and nearly no success have it'),
}) satisfies z.ZodType<CommonFactor>;

export const explanationAnswer = z.object({
  cohortId: z.string(),
  kb: z.string(),
  signatureId: z.string(),
  bank: z.string().nullable().describe('the bank whose devices were compared; null = all'),
  ...tally,
  dispersion: z.number().describe('how many times more banks and builds differ than by chance'),
  causes: z
    .array(
      z.object({
        values,
        ...tally,
        comparison: z.object(tally).describe('the other devices of which the same attributes are known'),
        riskRatio: z.number().nullable().describe('null: nobody else failed'),
        score: z.number(),
        indistinguishable: z.array(values).readonly().describe('values that select the same devices'),
      }),
    )
    .readonly()
    .describe('at most three, best first; empty = no common cause'),
  commonFactors: z.array(commonFactorAnswer).readonly(),
  generation: z.string(),
  asOf: instant.nullable(),
}) satisfies z.ZodType<ExplanationAnswer>;

export const stalePackageAnswer = z.object({
  bank: z.string(),
  deviceKey: z.string(),
  branch: z.string(),
  identity: z.string(),
  kb: z.string().nullable(),
  since: instant,
  sinceIsTold: z.boolean().describe('false: seen so since then, perhaps longer'),
  lastSeen: instant,
  pendingDays: count,
}) satisfies z.ZodType<StalePackageView>;
