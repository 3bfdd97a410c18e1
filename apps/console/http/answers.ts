import { z } from 'zod';
import type {
  AlertView,
  AttemptView,
  Cohort,
  CohortDetail,
  DeviceView,
  StoreStatus,
} from '#attempt-store/attempt-store.js';

/** The answers' shapes: published as OpenAPI, and held against what the store answers by the compiler and the specs. */
const instant = z.iso.datetime().describe('UTC');
const count = z.number().int().nonnegative();

const signature = z.object({
  id: z.string(),
  l1: z.string().describe('the code'),
  l2: z.string().describe('stage and failure source; empty when not known'),
  l3: z.string().describe('inner code and failing object; empty when not known'),
  fineness: z.number().int().min(0).max(3),
  reason: z.string().describe('why it was grouped so'),
});

const cohortFields = {
  cohortId: z.string(),
  bank: z.string(),
  build: z.string(),
  kb: z.string(),
  signature,
  failing: count.describe('devices with an unsuperseded failure in an open episode'),
  everFailed: count,
  attempted: count.describe('devices with an install report, same bank, build, KB'),
  firstSeen: instant.nullable(),
  lastSeen: instant.nullable(),
  regressed: count,
};
export const cohortAnswer = z.object(cohortFields) satisfies z.ZodType<Cohort>;

const named = z.array(z.object({ name: z.string(), devices: count }));
export const cohortDetailAnswer = z.object({
  ...cohortFields,
  devices: z.array(
    z.object({ deviceKey: z.string(), branch: z.string(), open: z.boolean(), lastSeen: instant.nullable() }),
  ),
  branches: named,
  channels: named,
  attempts: count,
  stage: z.string(),
  hresult: z.string(),
  reportedHresult: z.string(),
  innerErrors: z.array(z.object({ code: z.string(), kind: z.string() })),
  excerpt: z.array(z.string()).describe('decisive lines, scrubbed'),
  otherBanks: count
    .nullable()
    .describe('other banks with the same signature; null for a credential of one bank'),
  sources: z.array(z.string()),
}) satisfies z.ZodType<CohortDetail>;

export const attemptAnswer = z.object({
  bank: z.string(),
  deviceKey: z.string(),
  kb: z.string(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  outcome: z.string(),
  operation: z.string(),
  stage: z.string(),
  rollback: z.string(),
  hresult: z.string(),
  reportedHresult: z.string(),
  build: z.string(),
  channel: z.string(),
  branch: z.string(),
  signature: signature.nullable(),
  reports: z.array(z.string()).describe('event ids'),
}) satisfies z.ZodType<AttemptView>;

export const deviceAnswer = z.object({
  deviceKey: z.string(),
  bank: z.string(),
  osBuild: z.string(),
  model: z.string(),
  branch: z.string(),
  latest: z.array(z.object({ kb: z.string(), outcome: z.string(), at: instant.nullable() })),
  attempts: z.array(attemptAnswer),
  codes: z.record(z.string(), count).describe('attempts per code'),
});
// The store's outcome words are a closed list; readers get them as text.
deviceAnswer satisfies z.ZodType<Omit<DeviceView, 'latest'>>;

export const alertAnswer = z.object({
  alertId: z.string(),
  bank: z.string(),
  build: z.string(),
  kb: z.string(),
  signature,
  tier: z.enum(['page', 'ticket']).describe('ticket = provisional'),
  state: z.enum(['open', 'resolved']),
  openedAt: instant,
  resolvedAt: instant.nullable(),
  failed: count,
  installs: count,
  expected: z.number(),
  lnP: z.number(),
  text: z.string(),
  deliveries: z.array(z.string()),
}) satisfies z.ZodType<AlertView>;

export const learning = z
  .array(z.object({ bank: z.string(), until: instant }))
  .describe('banks with less than 28 days of history: until then their alerts are provisional (tickets)');

export const statusAnswer = z.object({
  generation: z.string(),
  asOf: instant.nullable(),
  learning,
  reports: count,
  attempts: count,
  devices: count,
  failingDevices: count,
  cohorts: count,
}) satisfies z.ZodType<StoreStatus>;

export const caseAnswer = z.object({
  cohortId: z.string(),
  lang: z.enum(['zh', 'en']),
  title: z.string(),
  body: z.string(),
  missing: z.array(z.string()).describe('what could not be filled in'),
  generation: z.string(),
  asOf: instant.nullable(),
});

/** A page of a list: `nextCursor` null = the last one; `asOf` = largest arrival time that is in the numbers. */
export const listAnswer = (item: z.ZodType) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable(),
    generation: z.string(),
    asOf: instant.nullable(),
  });

export const problemAnswer = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.string().describe('one word for programs, stable'),
});
