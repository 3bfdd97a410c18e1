import { z } from 'zod';
import type { KbCheck } from '#domain/kb/applicability.js';
import type { Compliance } from '#domain/kb/compliance.js';

export const kbParameters = z.strictObject({
  build: z
    .string()
    .regex(/^\d{4,6}(\.\d{1,6})?$/, 'expected an OS build such as 17763.2114')
    .optional(),
  claimed: z.string().min(1).max(64).optional().describe('the edition that a ticket or list names'),
  at: z.iso.date().optional().describe('the day for which the build is compared; default: today'),
});

const release = z.object({
  kb: z.string(),
  osBuild: z.string(),
  releaseLabel: z.string().describe('2024-08 B'),
  releasedOn: z.string(),
});
const verdict = z.enum([
  'applicable',
  'already_installed',
  'superseded',
  'wrong_build',
  'unknown_kb',
  'unknown',
]);

export const kbAnswer = z.object({
  kb: z.string(),
  osBuild: z.string().nullable(),
  verdict,
  reason: z.string(),
  releaseLabel: z.string().nullable(),
  publishedFor: z.array(release.extend({ product: z.string().nullable() })),
  expired: z.boolean().nullable(),
  newerAvailable: release.nullable(),
  prerequisite: z.literal('unknown'),
  instead: release.nullable().describe('for a KB of another build: the one of the same month for this build'),
  nearest: z
    .array(z.object({ kb: z.string(), verdict, releaseLabel: z.string() }))
    .describe('for a KB that is not known: what may have been meant'),
  edition: z
    .object({
      claimed: z.string(),
      verdict: z.enum(['consistent', 'conflict', 'unknown']),
      expectedBuilds: z.array(z.string()),
      reason: z.string(),
    })
    .nullable(),
  compliance: z
    .object({
      verdict: z.enum(['latest', 'one_behind', 'n_behind', 'unknown']),
      behind: z.number().int().nullable(),
      latest: z.object({ kb: z.string(), osBuild: z.string(), releaseLabel: z.string() }).nullable(),
      reason: z.string(),
    })
    .nullable(),
}) satisfies z.ZodType<KbCheck & { compliance: Compliance | null }>;
