import { z } from 'zod';
import { alertListAnswer } from '../alerts/alert-answers.js';
import { alertPaths } from '../alerts/alert-paths.js';
import { codeAnswer, codeParameters } from '../codes/code-answer.js';
import {
  commonFactorAnswer,
  explanationAnswer,
  stalePackageAnswer,
  stalePackageParameters,
} from '../explain/explain-answers.js';
import { kbAnswer, kbParameters } from '../kb/kb-answer.js';
import { adviceAnswer, ledgerParameters, ledgerRowAnswer } from '../remedies/remedy-answers.js';
import {
  attemptAnswer,
  caseAnswer,
  cohortAnswer,
  cohortDetailAnswer,
  deviceAnswer,
  listAnswer,
  problemAnswer,
  statusAnswer,
} from './answers.js';
import { attemptParameters, bankParameters, caseParameters, listParameters } from './question-parameters.js';

interface Route {
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
}

const ROUTES: readonly Route[] = [
  {
    path: '/api/v1/cohorts',
    summary: 'Failing cohorts, most failing first',
    query: listParameters,
    answer: listAnswer(cohortAnswer),
  },
  {
    path: '/api/v1/cohorts/{cohortId}',
    summary: 'One cohort from near',
    query: bankParameters,
    answer: cohortDetailAnswer,
  },
  {
    path: '/api/v1/cohorts/{cohortId}/case',
    summary: 'A support case filled in from a cohort',
    query: caseParameters,
    answer: caseAnswer,
  },
  {
    path: '/api/v1/devices/{deviceKey}',
    summary: 'Everything about one device',
    query: bankParameters,
    answer: deviceAnswer,
  },
  {
    path: '/api/v1/cohorts/{cohortId}/explanation',
    summary: 'What the failing devices of a cohort have in common that the others have not',
    query: bankParameters,
    answer: explanationAnswer,
  },
  {
    path: '/api/v1/devices/{deviceKey}/factors',
    summary: 'What the failures of one device share beyond their codes',
    query: bankParameters,
    answer: listAnswer(commonFactorAnswer),
  },
  {
    path: '/api/v1/packages/stale',
    summary: 'Packages that wait for their installation longer than so many days',
    query: stalePackageParameters,
    answer: listAnswer(stalePackageAnswer),
  },
  {
    path: '/api/v1/attempts',
    summary: 'Single attempts, newest first',
    query: attemptParameters,
    answer: listAnswer(attemptAnswer),
  },
  {
    path: '/api/v1/alerts',
    summary: 'Alerts of the spike watch, newest first',
    query: listParameters,
    answer: alertListAnswer,
  },
  {
    path: '/api/v1/codes/{code}',
    summary: 'What an error code means, in any spelling',
    query: codeParameters,
    answer: codeAnswer,
  },
  {
    path: '/api/v1/kb/{kb}/check',
    summary: 'Whether an update fits a build, and why',
    query: kbParameters,
    answer: kbAnswer,
  },
  {
    path: '/api/v1/remedies',
    summary: 'How often each remedy helped, per signature',
    query: ledgerParameters,
    answer: listAnswer(ledgerRowAnswer),
  },
  {
    path: '/api/v1/remedies/{failure}',
    summary: 'What is advised against a signature (its id) or a code, with what came of it',
    query: bankParameters,
    answer: adviceAnswer,
  },
  {
    path: '/api/v1/status',
    summary: 'How much there is and how fresh it is',
    query: bankParameters,
    answer: statusAnswer,
  },
];

const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
  z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' });

/** OpenAPI 3.1 of the questions, generated from the zod schemas. */
export function openApiDocument() {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Rollcall console',
      version: '1',
      description: 'Questions over attempts, cohorts, devices and alerts.',
    },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: schemaOf(problemAnswer, 'output') },
    },
    paths: {
      ...Object.fromEntries(ROUTES.map((route) => [route.path, { get: describeRoute(route) }])),
      ...alertPaths(),
    },
  };
}

function describeRoute({ path, summary, query, answer }: Route) {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const parameters = Object.entries(query.shape).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
  const problem = {
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  return {
    summary,
    parameters: [...inPath, ...parameters],
    responses: {
      200: { description: summary, content: { 'application/json': { schema: schemaOf(answer, 'output') } } },
      400: { description: 'wrong parameters', ...problem },
      401: { description: 'no valid token', ...problem },
      403: { description: 'no scope read, or another bank', ...problem },
      404: { description: 'no such bank, cohort, device or code', ...problem },
      503: {
        description:
          'the store (store_unavailable) or the event log (log_unavailable) does not answer for now',
        ...problem,
      },
    },
  };
}
