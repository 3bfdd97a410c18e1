import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attemptEventSchema, inventoryEventSchema } from './attempt-event.js';
import type { AttemptReport } from './attempt-event.js';
import { buildEvent as buildInPlace } from './build-event.js';
import type { Arrival } from './build-event.js';
import { createPseudonyms } from './pseudonym.js';
import { WITHHELD } from './withhold-names.js';

const arrival: Arrival = {
  bank: 'alpha',
  pseudonyms: createPseudonyms(Buffer.alloc(32, 1), false),
  receivedAt: '2024-09-10T07:00:00.000Z',
  honourReceivedAt: false,
  collector: { id: 'c-1', version: '0.1.0' },
};
/** As it is after a way through the log; on a copy, because the report itself is taken over. */
const buildEvent = (...[report, extra, arrival]: Parameters<typeof buildInPlace>) =>
  JSON.parse(JSON.stringify(buildInPlace(structuredClone(report), extra, arrival))) as ReturnType<
    typeof buildInPlace
  >;

const report: AttemptReport = {
  deviceName: 'PC-SECRET-1.example',
  deviceAliases: [{ kind: 'smbios', value: '4C4C4544-0042' }],
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  receivedAt: '2020-01-01T00:00:00.000Z',
};

describe('buildEvent', () => {
  it('places a local time by the zone of the bank; the id does not depend on it', () => {
    const local: AttemptReport = {
      ...report,
      occurredAt: null,
      occurredAtText: '2024/09/10 14:15:00.1234567',
    };
    const without = buildEvent(local, undefined, arrival);
    const placed = buildEvent(local, undefined, { ...arrival, timeZone: 'Asia/Shanghai' });
    expect(without).toMatchObject({ occurredAt: null });
    expect(placed).toMatchObject({
      eventId: without.eventId,
      occurredAt: '2024-09-10T06:15:00.123Z',
      utcOffset: '+08:00',
      timeSource: 'bank_zone',
    });
    expect(attemptEventSchema.safeParse(placed).error).toBeUndefined();
  });

  it('makes a valid event in which no name is left', () => {
    const event = buildEvent(report, undefined, arrival);
    expect(attemptEventSchema.safeParse(event).error).toBeUndefined();
    expect(JSON.stringify(event).toLowerCase()).not.toMatch(/pc-secret|4c4c4544/);
    expect(event).toMatchObject({
      bank: 'alpha',
      receivedAt: arrival.receivedAt,
      eventType: 'patch.update_attempt',
    });
  });

  it('honours receivedAt of a simulation only', () => {
    expect(buildEvent(report, undefined, { ...arrival, honourReceivedAt: true }).receivedAt).toBe(
      report.receivedAt,
    );
  });

  it('gives the same id whenever and by whichever collector it arrives', () => {
    const later = {
      ...arrival,
      receivedAt: '2025-01-01T00:00:00.000Z',
      collector: { id: 'c-2', version: '9' },
    };
    expect(buildEvent(report, undefined, later).eventId).toBe(buildEvent(report, undefined, arrival).eventId);
  });

  it('withholds what looks like a name among unknown fields, at any depth', () => {
    const extra = {
      hostName: 'pc-9',
      attemptNo: 3,
      'failingObject.userName': 'x',
      more: [{ ip_address: '10.0.0.1', size: 4 }],
    };
    expect(buildEvent(report, extra, arrival).extra).toEqual({
      hostName: WITHHELD,
      attemptNo: 3,
      'failingObject.userName': WITHHELD,
      more: [{ ip_address: WITHHELD, size: 4 }],
    });
  });

  it('makes a valid inventory event', () => {
    const event = buildEvent(
      {
        eventType: 'patch.device_inventory',
        deviceKey: 'd-1',
        takenAt: '2024-09-10T06:15:00.000Z',
        osBuild: '19045.4780',
      },
      { colour: 'red' },
      arrival,
    );
    expect(inventoryEventSchema.safeParse(event).error).toBeUndefined();
  });

  it('leaves no trace of any device name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{6}-[0-9]{4}$/), (deviceName) => {
        const text = JSON.stringify(buildEvent({ ...report, deviceName }, undefined, arrival));
        expect(text.toLowerCase()).not.toContain(deviceName.toLowerCase());
      }),
    );
  });
});
