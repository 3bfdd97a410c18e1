import { z } from 'zod';
import { bankSchema } from '#domain/attempt-event.js';
import { kbKeySchema } from '#domain/kb-key.js';
import type { RemedyAdvice } from '#domain/remedies/recommend-remedies.js';
import type { LedgerRow } from '#domain/remedies/remedy-ledger.js';

export const ledgerParameters = z.strictObject({
  bank: bankSchema.optional(),
  kb: kbKeySchema.optional(),
  signature: z.string().min(1).max(128).optional().describe('an id, or a code such as 0x80071ab1'),
  cursor: z.string().optional().describe('never needed: all rows come at once'),
  limit: z.coerce.number().int().min(1).optional().describe('never needed: all rows come at once'),
});

const count = z.number().int().nonnegative();
const counts = {
  tried: count.describe('devices and updates whose outcome is known; the last use counts'),
  fixed: count,
  open: count.describe('used, nothing heard yet'),
  tooFew: z.boolean().describe('fewer than five trials: no share can be told'),
  interval: z
    .tuple([z.number(), z.number()])
    .readonly()
    .nullable()
    .describe("Wilson's 95 % interval of the share that it fixes; null when there are too few"),
};
const level = z
  .union([z.literal(1), z.literal(2), z.literal(3)])
  .describe('deepest level of the signature that speaks for it: 3 inner error or object, 2 stage, 1 code');
const levels = { l1: z.string(), l2: z.string(), l3: z.string() };

export const ledgerRowAnswer = z.object({
  remedyId: z.string(),
  signature: z
    .object({ id: z.string(), ...levels })
    .nullable()
    .describe('null: no failure before it is known'),
  ...counts,
}) satisfies z.ZodType<LedgerRow>;

const adviceItem = z.object({
  id: z.string(),
  risk: z.enum(['low', 'medium', 'high']),
  needsReboot: z.boolean(),
  losesHistory: z.boolean(),
  steps: z.object({ zh: z.array(z.string()).readonly(), en: z.array(z.string()).readonly() }),
  level,
  source: z.string().nullable().describe('who advises it; null: it was counted to help here'),
  seen: z
    .object({ tried: count, fixed: count })
    .nullable()
    .describe('in support cases before Rollcall counted'),
  counted: z.object({ remedyId: z.string(), level, ...counts }).nullable(),
}) satisfies z.ZodType<RemedyAdvice>;

export const adviceAnswer = z.object({
  signature: z.object(levels),
  items: z.array(adviceItem),
  generation: z.string(),
  asOf: z.iso.datetime().nullable(),
});
