import { z } from 'zod';
import { acknowledgeSchema, silenceSchema, snoozeSchema } from '#domain/alerts/handle-alerts.js';
import { alertDetailAnswer, silenceAnswer, silenceListAnswer } from './alert-answers.js';

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });
const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
const inPath = (name: string) => [{ name, in: 'path', required: true, schema: { type: 'string' } }];

function describe(
  summary: string,
  answer: z.ZodType,
  name: string | null,
  body: z.ZodType | null,
  status = 200,
) {
  return {
    summary,
    parameters: name === null ? [] : inPath(name),
    ...(body && { requestBody: { content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      [status]: {
        description: summary,
        content: { 'application/json': { schema: schemaOf(answer, 'output') } },
      },
      400: problem('wrong body'),
      401: problem('no valid token'),
      403: problem('no scope admin (to act) or read (to look), or another bank'),
      404: problem('no such alert or silence'),
      409: problem('the alert is over'),
    },
  };
}

/** The part of the OpenAPI document that is about what people do with alerts. */
export function alertPaths() {
  return {
    '/api/v1/alerts/{alertId}': {
      get: describe('One alert from near', alertDetailAnswer, 'alertId', null),
    },
    '/api/v1/alerts/{alertId}/acknowledge': {
      post: describe('Say that somebody has it', alertDetailAnswer, 'alertId', acknowledgeSchema),
    },
    '/api/v1/alerts/{alertId}/snooze': {
      post: describe('Tell nothing until it gets worse', alertDetailAnswer, 'alertId', snoozeSchema),
    },
    '/api/v1/silences': {
      get: describe('Silences, also past and lifted ones', silenceListAnswer, null, null),
      post: describe(
        'Tell nothing of a bank or signature for a while',
        silenceAnswer,
        null,
        silenceSchema,
        201,
      ),
    },
    '/api/v1/silences/{silenceId}': {
      delete: describe('Lift a silence', silenceAnswer, 'silenceId', null),
    },
  };
}
