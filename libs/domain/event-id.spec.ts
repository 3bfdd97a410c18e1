import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import canonicalizePackage from 'canonicalize';
import type { AttemptReport, InventoryReport } from './attempt-event.js';
import { attemptEventId, inventoryEventId } from './event-id.js';

// The package's types describe an ES module; what Node loads is the function itself.
const canonicalize = canonicalizePackage as unknown as (value: unknown) => string | undefined;

const bank = 'alpha';
const device = 'd-aaaaaaaaaaaaaaaaaaaa';
const report: AttemptReport = {
  deviceName: 'pc-1',
  source: 'servicing',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  hresult: '0x80070002',
};
const sha = (parts: unknown): string =>
  createHash('sha256')
    .update(canonicalize(parts) ?? '')
    .digest('hex')
    .slice(0, 32);

describe('attemptEventId', () => {
  it('of an event log record is its channel, record id and time cut to ms', () => {
    const withKey: AttemptReport = {
      ...report,
      naturalKey: {
        kind: 'event_log',
        channel: 'Setup',
        recordId: 7,
        timeCreated: '2024-09-10T08:15:00.9999999+02:00',
      },
    };
    const expected = sha([bank, device, 'servicing', 'event_log', 'setup', 7, '2024-09-10T06:15:00.999Z']);
    expect(attemptEventId(bank, device, withKey)).toBe(expected);
  });

  it('of the other natural keys is made of their parts', () => {
    const id = (naturalKey: NonNullable<AttemptReport['naturalKey']>) =>
      attemptEventId(bank, device, { ...report, naturalKey });
    expect(id({ kind: 'report_event', eventInstanceId: 'X-1' })).toBe(
      sha([bank, device, 'servicing', 'report_event', 'X-1']),
    );
    expect(
      id({
        kind: 'log_history',
        updateId: '{AB-CD}',
        revision: 200,
        timeText: '2024-09-10 06:15',
        codes: ['0x1', '0x2'],
      }),
    ).toBe(sha([bank, device, 'servicing', 'log_history', 'ab-cd', 200, '2024-09-10 06:15', ['0x1', '0x2']]));
    expect(id({ kind: 'cbs', session: '31_42', package: 'Pkg€', timeText: '2024-09-10 06:15:00' })).toBe(
      sha([bank, device, 'servicing', 'cbs', '31_42', 'Pkg€', '2024-09-10 06:15:00']),
    );
  });

  it('falls back to the sender’s own id, then to the facts', () => {
    expect(attemptEventId(bank, device, { ...report, sourceEventId: 'e-1' })).toBe(
      sha([bank, device, 'servicing', 'source_event_id', 'e-1']),
    );
    const { targetKb, outcome, occurredAt, hresult, source } = report;
    const facts = { targetKb, outcome, occurredAt, hresult, source };
    expect(attemptEventId(bank, device, report)).toBe(sha([bank, device, 'servicing', 'facts', facts]));
  });

  it('does not depend on how the report travelled, nor on the order of its fields', () => {
    const carried: AttemptReport = {
      excerpt: ['a line'],
      tags: { shipper: 'x' },
      deliveryMode: 'replay',
      parser: { name: 'cbs', version: '2' },
      receivedAt: '2024-09-11T00:00:00.000Z',
      deviceAliases: [{ kind: 'smbios', value: '42' }],
      bank,
      eventType: 'patch.update_attempt',
      ...Object.fromEntries(Object.entries(report).reverse()),
      outcome: 'failed',
    };
    expect(attemptEventId(bank, device, carried)).toBe(attemptEventId(bank, device, report));
  });

  it('differs when a fact, the device, the bank or an unknown field differs', () => {
    const ids = [
      attemptEventId(bank, device, report),
      attemptEventId(bank, device, { ...report, hresult: '0x80070003' }),
      attemptEventId(bank, 'd-b', report),
      attemptEventId('beta', device, report),
      attemptEventId(bank, device, report, { attemptNo: 2 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('inventoryEventId', () => {
  const inventory: InventoryReport = {
    eventType: 'patch.device_inventory',
    takenAt: '2024-09-10T06:15:00.000Z',
    osBuild: '19045.4780',
  };
  it('is the sender’s id, else the facts', () => {
    expect(inventoryEventId(bank, device, { ...inventory, sourceEventId: 'i-1' })).toBe(
      sha([bank, device, 'unknown', 'source_event_id', 'i-1']),
    );
    expect(inventoryEventId(bank, device, inventory)).toBe(
      sha([bank, device, 'unknown', 'facts', { takenAt: inventory.takenAt, osBuild: inventory.osBuild }]),
    );
  });
});
