import { z } from 'zod';
import type { CodeAnswer, CodeEntry } from '#domain/codes/explain-code.js';

const kind = z.enum(['hresult', 'win32', 'ntstatus']);

export const codeParameters = z.strictObject({
  as: kind.optional().describe('what a short number such as 1058 is'),
});

const entryFields = {
  code: z.string().describe('canonical: 0x and eight lower-case digits'),
  kind,
  status: z.enum(['explained', 'named', 'unknown']),
  symbol: z.string(),
  symbolSource: z.string(),
  severity: z.enum(['success', 'informational', 'warning', 'error']),
  facility: z.object({ number: z.number().int(), name: z.string(), zh: z.string(), en: z.string() }),
  unwrappedFrom: z.string().nullable().describe('the HRESULT that an NTSTATUS was taken out of'),
  carries: z
    .object({ code: z.string(), kind, symbol: z.string() })
    .nullable()
    .describe('the error that this code passes on'),
  meaning: z.object({ zh: z.string(), en: z.string() }).nullable(),
  basis: z
    .enum(['documented', 'symbol_name', 'unknown'])
    .describe('symbol_name: only the name is published, the meaning is a plain reading of it'),
  likelyOwner: z.string(),
  documentation: z.url().nullable(),
};
const entry = z.object(entryFields) satisfies z.ZodType<CodeEntry>;

export const codeAnswer = z.discriminatedUnion('ambiguous', [
  z.object({ input: z.string(), ambiguous: z.literal(false), ...entryFields }),
  z.object({ input: z.string(), ambiguous: z.literal(true), readings: z.array(entry) }),
]) satisfies z.ZodType<CodeAnswer>;
