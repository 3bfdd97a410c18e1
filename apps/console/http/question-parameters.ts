import { BadRequestException } from '@nestjs/common';
import { z } from 'zod';
import { bankSchema, deviceKeySchema } from '#domain/attempt-event.js';
import { kbKeySchema } from '#domain/kb-key.js';
import { OUTCOMES } from '#domain/words.js';

const MOST_A_PAGE = 1_000;

const listFields = {
  bank: bankSchema.optional(),
  build: z.string().min(1).max(32).optional(),
  kb: kbKeySchema.optional(),
  signature: z.string().min(1).max(128).optional(),
  since: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .optional(),
  cursor: z.string().min(1).max(4_096).optional(),
  limit: z.coerce.number().int().min(1).max(MOST_A_PAGE).default(100),
} as const;

/** Parameters of the lists. Unknown ones are refused: a mistyped filter must not show everything. */
export const listParameters = z.strictObject(listFields);

export const attemptParameters = z.strictObject({
  ...listFields,
  deviceKey: deviceKeySchema.optional(),
  outcome: z.enum(OUTCOMES).optional(),
});

export const bankParameters = z.strictObject({ bank: bankSchema.optional() });
export const caseParameters = z.strictObject({
  bank: bankSchema.optional(),
  lang: z.enum(['zh', 'en']).default('zh'),
});

/** Parsed parameters. @throws BadRequestException naming every wrong one */
export function parseParameters<T extends z.ZodType>(schema: T, query: unknown): z.output<T> {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const named = result.error.issues.map((issue) =>
    [issue.path.join('.'), issue.message].filter(Boolean).join(': '),
  );
  throw new BadRequestException(`wrong parameters: ${named.join('; ')}`);
}
