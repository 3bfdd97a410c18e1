import { z } from 'zod';
import { alertAnswer, learning, listAnswer } from '../http/answers.js';

const instant = z.iso.datetime().describe('UTC');
const deed = {
  by: z.string().describe('id of the credential'),
  note: z.string(),
  at: instant.describe('watch time'),
};

export const silenceAnswer = z.object({
  silenceId: z.string(),
  bank: z.string().nullable().describe('null = every bank'),
  signature: z.string().nullable().describe('a signature id or a code; null = every one'),
  from: instant,
  until: instant,
  lifted: z.boolean(),
  ...deed,
});
export type SilenceAnswer = z.output<typeof silenceAnswer>;

const handling = z.object({
  acknowledged: z.object(deed).nullable(),
  snoozed: z
    .object({ ...deed, untilFailed: z.number().int(), until: instant.nullable() })
    .nullable()
    .describe('nothing is told until so many devices fail, the alert reaches further, or it ends'),
  silencedBy: silenceAnswer.nullable(),
});
export type AlertHandlingAnswer = z.output<typeof handling>;

export const alertListAnswer = listAnswer(alertAnswer.extend(handling.shape)).extend({ learning });

const words = z.object({ text: z.string(), details: z.array(z.string()), nextStep: z.string() });

export const alertDetailAnswer = z.object({
  ...alertAnswer.omit({ text: true, deliveries: true }).shape,
  firstArrival: instant,
  thirdArrival: instant.nullable(),
  cohortId: z.string(),
  zh: words,
  en: words,
  ...handling.shape,
  notifications: z.array(
    z.object({
      eventNo: z.number().int(),
      kind: z.enum(['raised', 'worsened', 'resolved']),
      at: instant,
      owedTo: z.array(z.string()).describe('channels'),
      delivered: z.array(z.string()).describe('channels that have taken it'),
    }),
  ),
});
export type AlertDetailAnswer = z.output<typeof alertDetailAnswer>;

export const silenceListAnswer = z.object({ items: z.array(silenceAnswer) });
