import { describe, expect, it } from '@jest/globals';
import { reportOf } from '../../test/harness/sample-events.js';
import { attemptEvent } from '../../test/harness/sample-report.js';
import type { AttemptEvent } from './attempt-event.js';

const without = (event: AttemptEvent, ...fields: (keyof AttemptEvent)[]): AttemptEvent =>
  Object.fromEntries(
    Object.entries(event).filter(([field]) => !fields.includes(field as keyof AttemptEvent)),
  ) as AttemptEvent;
const updateId = '{ABFDD395-0000-4000-8000-000000000001}';
const rollup = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6189.1.5';
const other = 'Microsoft-Windows-Foo-Package~31bf3856ad364e35~amd64~~10.0.17763.1';

describe('kbKey', () => {
  const kbKey = (told: Partial<AttemptEvent>): string =>
    reportOf({ ...without(attemptEvent(), 'targetKb'), ...told }).kbKey;

  it('is the target KB before all else', () => {
    expect(kbKey({ targetKb: 'KB5043050', packageIdentity: rollup, updateId })).toBe('KB5043050');
  });

  it('else the KB of the package', () => {
    expect(kbKey({ packageIdentity: rollup, updateId })).toBe('KB5041578');
    expect(kbKey({ targetKb: 'KB777778', packageIdentity: rollup })).toBe('KB5041578');
  });

  it('else the update with its revision, else the package', () => {
    const bare = 'update:abfdd395-0000-4000-8000-000000000001';
    expect(kbKey({ packageIdentity: other, updateId, updateRevision: 200 })).toBe(`${bare}.200`);
    expect(kbKey({ updateId })).toBe(`${bare}.0`);
    expect(kbKey({ packageIdentity: other })).toBe(`package:${other}`);
  });
});

describe('times', () => {
  const report = (told: Partial<AttemptEvent>) => reportOf(attemptEvent(told));

  it('are ms UTC, whatever the offset', () => {
    const { occurredAtMs, startedAtMs, timeImplausible } = report({
      occurredAt: '2024-08-13T18:00:00+08:00',
      startedAt: '2024-08-13T09:30:00Z',
    });
    expect({ occurredAtMs, startedAtMs, timeImplausible }).toEqual({
      occurredAtMs: Date.UTC(2024, 7, 13, 10),
      startedAtMs: Date.UTC(2024, 7, 13, 9, 30),
      timeImplausible: false,
    });
  });

  it.each([
    '2024-08-14T11:00:00.001Z',
    '2000-12-31T23:59:59Z',
    '1601-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
  ])('like %s are not believed, and flagged', (occurredAt) => {
    expect(report({ occurredAt })).toMatchObject({ occurredAtMs: null, timeImplausible: true });
  });

  it('up to 24 h after the arrival, and from 2001 on, are believed', () => {
    for (const occurredAt of ['2024-08-14T11:00:00.000Z', '2001-01-01T00:00:00.000Z']) {
      expect(report({ occurredAt })).toMatchObject({
        occurredAtMs: Date.parse(occurredAt),
        timeImplausible: false,
      });
    }
  });

  it('that are not known are not implausible', () => {
    expect(report({ occurredAt: null })).toMatchObject({ occurredAtMs: null, timeImplausible: false });
  });
});

describe('operation', () => {
  const operation = (told: Partial<AttemptEvent>) => reportOf(attemptEvent(told)).operation;

  it('is uninstall when the package is to become absent and nobody says otherwise', () => {
    expect(operation({})).toBe('unknown');
    expect(operation({ packageTargetState: 'Absent' })).toBe('uninstall');
    expect(operation({ packageTargetState: 'Installed' })).toBe('unknown');
    expect(operation({ packageTargetState: 'Absent', operation: 'repair' })).toBe('repair');
  });
});

describe('evidence', () => {
  it('is counted, and its stage read', () => {
    const bare = reportOf(attemptEvent());
    const rich = reportOf(attemptEvent({ hresult: '0x8007000d', failureSource: 'DOQ', innerErrors: [] }));
    expect([bare.evidenceCount, rich.evidenceCount]).toEqual([0, 2]);
    expect([bare.stage, rich.stage]).toEqual(['unknown', 'driver_queue_critical']);
  });

  it('leaves absent words unknown or empty', () => {
    expect(reportOf(attemptEvent())).toMatchObject({
      source: 'unknown',
      channel: 'unknown',
      rollback: 'unknown',
      hresult: '',
      osBuild: '',
      failingObject: null,
      innerErrors: [],
    });
  });
});
