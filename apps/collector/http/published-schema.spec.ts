import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { reportJsonSchemas } from '#domain/attempt-event.js';
import { isInstant } from '#domain/instant.js';
import { normaliseReport } from '#domain/normalise-report.js';
import { SchemaController } from './schema.controller.js';

const at = '2024-09-10T06:15:00.000Z';
const attempt = {
  eventType: 'patch.update_attempt',
  deviceKey: 'd-1',
  deviceName: 'PC-1',
  source: 'servicing',
  targetKb: 'KB5041578',
  updateId: '3021ADFB',
  outcome: 'failed',
  occurredAt: at,
  occurredAtText: '2024-09-10 14:15',
  utcOffset: '+08:00',
  hresult: '0x800f0922',
  stage: 'resolve',
  innerErrors: [{ code: '0x00000422', kind: 'win32', origin: 'CSI' }],
  failingObject: { type: 'service', name: 'winmgmt', path: 'C:\\x' },
  executeStateFlags: ['Flag'],
  updateRevision: 200,
  osBuild: '19045.4780',
  excerpt: ['a line'],
  tags: { ring: 'one' },
  parser: { name: 'p', version: '1' },
};
const inventory = {
  eventType: 'patch.device_inventory',
  deviceKey: 'd-1',
  takenAt: at,
  osBuild: '19045.4780',
  packages: [{ identity: 'P~1', state: 'Installed', kb: 'KB5041578' }],
  pendingReboot: false,
};

const ajv = new Ajv2020({ strict: false, formats: { 'date-time': isInstant } });
const controller = new SchemaController();

describe.each([
  ['attempt.json', attempt, ajv.compile(controller.attempt())],
  ['inventory.json', inventory, ajv.compile(controller.inventory())],
])('the published schema %s', (_name, report, validate) => {
  const names = [
    ...new Set([
      ...Object.keys(report),
      ...Object.keys(reportJsonSchemas['patch.update_attempt'].properties ?? {}),
    ]),
  ].filter((name) => name !== 'eventType');

  it('takes what the collector takes, whatever is null, empty, unknown or missing', () => {
    const change = fc.record({
      name: fc.constantFrom(...names, 'newField'),
      value: fc.constantFrom<unknown[]>(null, '', 'another word', undefined),
    });
    const taken = { yes: 0, no: 0 };
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (changes) => {
        const changed = changes.map(({ name, value }) => [name, value] as const);
        const sent = JSON.parse(JSON.stringify({ ...report, ...Object.fromEntries(changed) })) as unknown;
        const accepted = normaliseReport(sent).ok;
        taken[accepted ? 'yes' : 'no'] += 1;
        expect([sent, validate(sent)]).toEqual([sent, accepted]);
      }),
      { numRuns: 1_000 },
    );
    expect(Math.min(taken.yes, taken.no)).toBeGreaterThan(50);
  });
});

it('takes null and unknown fields inside objects too', () => {
  const sent = {
    ...attempt,
    innerErrors: [{ code: '0x00000422', kind: 'win32', origin: null, seen: 2 }],
    failingObject: { type: 'gadget', name: 'x', path: '' },
  };
  const validate = ajv.compile(controller.attempt());
  expect([validate(sent), normaliseReport(sent).ok]).toEqual([true, true]);
  const nothing = { ...sent, failingObject: { type: 'file', name: null } };
  expect([validate(nothing), normaliseReport(nothing).ok]).toEqual([false, false]);
});
