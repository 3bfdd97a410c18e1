import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { attemptReportSchema, inventoryReportSchema, reportJsonSchemas } from '#domain/attempt-event.js';
import { normaliseReport, zodValidators } from '#domain/normalise-report.js';
import { compileValidators } from './report-validators.js';

const compiled = compileValidators();

const attempt = {
  eventType: 'patch.update_attempt',
  bank: 'alpha',
  deviceKey: 'd-1',
  deviceName: 'pc',
  deviceAliases: [{ kind: 'smbios', value: '42' }],
  receivedAt: '2024-09-10T06:15:00.000Z',
  source: 'servicing',
  sourceEventId: 'e-1',
  naturalKey: {
    kind: 'event_log',
    channel: 'Setup',
    recordId: 7,
    timeCreated: '2024-09-10T06:15:00.1234567Z',
  },
  operation: 'install',
  targetKb: 'KB5041578',
  updateId: 'u',
  updateRevision: 200,
  updateTitle: 't',
  packageIdentity: 'p',
  classification: 'Security Updates',
  occurredAt: '2024-09-10T06:15:00.000Z',
  occurredAtText: '2024-09-10 06:15',
  utcOffset: '+08:00',
  timeSource: 'utc',
  startedAt: null,
  endedAt: '2024-09-10T06:16:00Z',
  outcome: 'failed',
  stage: 'stage',
  rollback: 'none',
  hresult: '0x80070002',
  reportedHresult: '0x80070643',
  innerErrors: [{ code: '0x00000005', kind: 'win32', origin: 'o' }],
  failureSource: 'f',
  originalFailureStatus: '0x80070002',
  lastForwardExecuteState: 'Staged',
  executeStateFlags: ['a'],
  failingObject: { type: 'file', name: 'n', path: 'p' },
  packageStartState: 's',
  packageTargetState: 't',
  osBuild: '19045.4780',
  osBuildAfter: '19045.4894',
  osInstance: 'i',
  channel: 'wsus',
  upgradedFrom: '17763',
  branch: 'b',
  model: 'm',
  tags: { a: 'b' },
  excerpt: ['line'],
  parser: { name: 'cbs', version: '1' },
  deliveryMode: 'live',
};

const inventory = {
  eventType: 'patch.device_inventory',
  deviceKey: 'd-1',
  takenAt: '2024-09-10T06:15:00.000Z',
  osBuild: '19045.4780',
  packages: [
    {
      identity: 'p',
      kb: 'KB5041578',
      state: 'Installed',
      releaseType: 'r',
      installedAt: '2024-09-10T06:15:00Z',
    },
  ],
  pendingReboot: true,
  services: [{ name: 's', startType: 'auto', status: 'running' }],
  drivers: [{ inf: 'i', version: '1', class: 'c', provider: 'p' }],
  systemVolumeFreeMb: 7,
  lastScanAt: '2024-09-10T06:15:00Z',
  tags: { a: 'b' },
};

/** Values near the edges of what the schemas allow, and far beyond. */
const value = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      'unknown',
      'failed',
      'KB5041578',
      'KB50415789',
      'KB504157',
      '0x80070002',
      '0x8007000D',
      '+08:00',
      '08:00',
    ],
    ...[
      '2024-02-30T00:00:00.000Z',
      '2024-02-29T00:00:00.000Z',
      '2024-09-10T06:15:00+08:00',
      '2024-09-10T06:15Z',
    ],
    ...[
      '9999-12-31T23:59:59-12:00',
      '0000-01-01T00:00:00+01:00',
      '19045',
      '19045.',
      '19045.4780\n',
      'D-1',
      'd-',
      'ab',
    ],
    ...[
      '😀'.repeat(32),
      '😀'.repeat(33),
      'x'.repeat(64),
      'x'.repeat(65),
      'x'.repeat(256),
      'x'.repeat(257),
      'a\nb',
    ],
    ...[
      0,
      -0,
      -1,
      1.5,
      200,
      4294967295,
      4294967296,
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER + 1,
      1e300,
    ],
    ...[null, true, false, [], {}, [[]], [{}], [null], { a: 1 }, { kind: 'cbs' }, { name: 'x' }],
    { kind: 'report_event', eventInstanceId: 'x' },
    { kind: 'event_log', channel: 'x', recordId: 1.5, timeCreated: '2024-09-10T06:15:00Z' },
    { kind: 'log_history', updateId: 'x', revision: 1, timeText: 't', codes: ['a', 'b', 'c', 'd', 'e'] },
    Array.from({ length: 17 }, () => ({ code: '0x00000005', kind: 'win32' })),
  ),
  fc.string({ maxLength: 40 }),
  // zod passes over a member called __proto__, JSON Schema does not; such rows never come here (parse-row.ts).
  fc.jsonValue({ maxDepth: 3 }).filter((json) => !JSON.stringify(json).includes('__proto__')),
);

function fieldsOf(kind: keyof typeof reportJsonSchemas): readonly string[] {
  return Object.keys(reportJsonSchemas[kind].properties ?? {});
}

/** A good report with some members replaced, dropped or added, at the top or one level down. */
function mutated(base: Readonly<Record<string, unknown>>, fields: readonly string[]) {
  const change = fc.record({
    field: fc.constantFrom(...fields, 'unheardOf'),
    inside: fc.option(
      fc.constantFrom('code', 'kind', 'name', 'type', 'path', 'version', 'identity', 'state', 'extra', '0'),
    ),
    drop: fc.boolean(),
    value,
  });
  return fc.array(change, { maxLength: 4 }).map((changes) => {
    const report = structuredClone(base) as Record<string, unknown>;
    for (const { field, inside, drop, value: replacement } of changes) {
      const at = inside === null ? report : innerOf(report[field]);
      if (!at) continue;
      const key = inside ?? field;
      if (drop) Reflect.deleteProperty(at, key);
      else at[key] = structuredClone(replacement);
    }
    return JSON.parse(JSON.stringify(report)) as unknown;
  });
}

function innerOf(member: unknown): Record<string, unknown> | null {
  const first: unknown = Array.isArray(member) ? member[0] : member;
  return first !== null && typeof first === 'object' ? (first as Record<string, unknown>) : null;
}

/** An optional field, by the way to it, and what a sender may write there for "not given". */
interface OptionalField {
  readonly way: readonly string[];
  readonly empties: readonly unknown[];
}

/** Of an object schema and of the objects inside it, as far as `example` has them. */
function optionalFieldsOf(schema: z.ZodType, example: unknown, way: readonly string[] = []): OptionalField[] {
  if (schema instanceof z.ZodArray && Array.isArray(example))
    return optionalFieldsOf(schema.element as z.ZodType, example[0], [...way, '0']);
  if (!(schema instanceof z.ZodObject) || example === null || typeof example !== 'object') return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, member]) => {
    if (!(member instanceof z.ZodOptional)) return [];
    const inner = member.unwrap() as z.ZodType;
    const given = (example as Readonly<Record<string, unknown>>)[name];
    const empties = [
      ...(inner.safeParse(null).success ? [] : [null]),
      // Times that may be null are null in the examples.
      ...(typeof given === 'string' || given === null ? [''] : []),
    ];
    return [{ way: [...way, name], empties }, ...optionalFieldsOf(inner, given, [...way, name])];
  });
}

/** A copy with the member at the end of `way` set, or left out for undefined; as it is when the way does not exist. */
function withMember(report: object, way: readonly string[], member: unknown): object {
  const copy = structuredClone(report) as Record<string, unknown>;
  let at: unknown = copy;
  for (const step of way.slice(0, -1)) at = (at as Record<string, unknown> | undefined)?.[step];
  const last = way.at(-1) ?? '';
  if (at === undefined || at === null) return copy;
  if (member === undefined) Reflect.deleteProperty(at, last);
  else (at as Record<string, unknown>)[last] = member;
  return copy;
}

describe('compiled validators', () => {
  it('take the full examples, which have every field', () => {
    expect(compiled.attempt(attempt)).toBe(true);
    expect(compiled.inventory(inventory)).toBe(true);
    expect(Object.keys(attempt).sort()).toEqual([...fieldsOf('patch.update_attempt')].sort());
  });

  it('judge mutated attempts as zod does', () => {
    let good = 0;
    fc.assert(
      fc.property(mutated(attempt, fieldsOf('patch.update_attempt')), (report) => {
        const verdict = zodValidators.attempt(report);
        good += Number(verdict);
        expect(compiled.attempt(report)).toBe(verdict);
      }),
      { numRuns: 20_000 },
    );
    // The comparison says something only when both verdicts occur.
    expect(good).toBeGreaterThan(1_000);
    expect(good).toBeLessThan(19_000);
  });

  it('judge mutated inventories as zod does', () => {
    fc.assert(
      fc.property(mutated(inventory, fieldsOf('patch.device_inventory')), (report) => {
        expect(compiled.inventory(report)).toBe(zodValidators.inventory(report));
      }),
      { numRuns: 5_000 },
    );
  });

  it('lead to the same normalised report or the same reasons', () => {
    fc.assert(
      fc.property(mutated(attempt, fieldsOf('patch.update_attempt')), (report) => {
        expect(normaliseReport(report, compiled)).toEqual(normaliseReport(report));
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['attempt', attempt, attemptReportSchema.unwrap()],
    ['inventory', inventory, inventoryReportSchema.unwrap()],
  ] as const)('take null and empty texts in optional fields of an %s as not given', (_kind, base, schema) => {
    const fields = optionalFieldsOf(schema, base);
    expect(fields.length).toBeGreaterThan(8);
    const empties = fields.flatMap(({ way, empties }) => empties.map((empty) => ({ way, empty })));
    for (const validators of [compiled, zodValidators]) {
      for (const { way, empty } of empties) {
        const given = normaliseReport(withMember(base, way, empty), validators);
        expect(given).toEqual(normaliseReport(withMember(base, way, undefined), validators));
      }
    }
    const some = fc.subarray(empties, { minLength: 1 });
    fc.assert(
      fc.property(some, (chosen) => {
        // Outer fields last, so that no field is emptied inside one that is gone.
        const deepFirst = [...chosen].sort((a, b) => b.way.length - a.way.length);
        const set = (member: (empty: unknown) => unknown) =>
          deepFirst.reduce<object>((report, { way, empty }) => withMember(report, way, member(empty)), base);
        const written = set((empty) => empty);
        const left = normaliseReport(
          set(() => undefined),
          compiled,
        );
        expect(normaliseReport(written, compiled)).toEqual(left);
        expect(normaliseReport(written)).toEqual(left);
      }),
      { numRuns: 200 },
    );
  });

  it('still refuse null in a required field', () => {
    for (const way of [
      ['outcome'],
      ['failingObject', 'name'],
      ['parser', 'version'],
      ['innerErrors', '0', 'code'],
    ]) {
      const result = normaliseReport(withMember(attempt, way, null), compiled);
      expect(result).toMatchObject({ ok: false, issues: [{ path: way.join('.'), code: 'invalid_type' }] });
    }
    expect(normaliseReport({ ...inventory, takenAt: '' }, compiled).ok).toBe(false);
  });
});
