import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ScanReport } from './reports.js';
import { PAGE_BUDGET, SpikeScan } from './spike-scan.js';
import type { ScanAlert } from './spike-scan.js';

const HOUR_MS = 3_600_000;
const CODE = '0x80071ab1';

interface Told {
  readonly bank?: string;
  readonly build?: string;
  readonly kb?: string;
  readonly delayHours?: number;
  readonly signature?: string | null;
}

const report = (device: string, arrivedHour: number, told: Told = {}): ScanReport => ({
  device,
  bank: told.bank ?? 'bank-a',
  build: told.build ?? '19044.4780',
  kb: told.kb ?? 'KB5041578',
  arrivedMs: arrivedHour * HOUR_MS,
  occurredMs: (arrivedHour - (told.delayHours ?? 1)) * HOUR_MS,
  signature: told.signature ?? null,
});

/** Two healthy banks: 20 devices a day each, one in fifty fails with an ordinary code. */
function healthyWeeks(fromDay: number, days: number): ScanReport[] {
  return Array.from({ length: days * 40 }, (_, n) => {
    const day = fromDay + Math.floor(n / 40);
    const bank = n % 2 ? 'bank-a' : 'bank-b';
    return report(`${bank}-${n}`, day * 24 + (n % 20), {
      bank,
      signature: n % 50 === 7 ? '0x80240034' : null,
    });
  });
}

/** Looks every hour until the last report and `hoursAfter` on; history until day 28. */
function watch(
  reports: readonly ScanReport[],
  hoursAfter = 0,
  shuffle?: (n: number) => number,
): readonly ScanAlert[] {
  const scan = new SpikeScan(PAGE_BUDGET);
  const last = Math.max(...reports.map(({ arrivedMs }) => arrivedMs)) / HOUR_MS + hoursAfter;
  for (let hour = 0; hour <= last; hour += 1) {
    const now = reports.filter(
      ({ arrivedMs }) => arrivedMs > (hour - 1) * HOUR_MS && arrivedMs <= hour * HOUR_MS,
    );
    scan.add(
      shuffle
        ? now
            .map((each, n) => [shuffle(n), each] as const)
            .sort((a, b) => a[0] - b[0])
            .map(([, each]) => each)
        : now,
    );
    scan.look(hour * HOUR_MS, hour < 28 * 24);
  }
  return scan.alerts;
}

const history = healthyWeeks(0, 36);
const incident = (devices: number, told: Told = {}): ScanReport[] =>
  Array.from({ length: devices }, (_, n) =>
    report(`hit-${n}`, 36 * 24 + 2 + n, { signature: CODE, ...told }),
  );

describe('the spike scan', () => {
  it('says nothing of a healthy fleet', () => {
    expect(watch(history)).toEqual([]);
  });

  it('tells an incident once, when the third device fails, with its bank', () => {
    const alerts = watch([...history, ...incident(12)]);
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ signature: CODE, openedMs: (36 * 24 + 4) * HOUR_MS, closedMs: null });
    expect(alerts[0]?.cell).toMatchObject({ failed: 3 });
    expect(alerts[0]?.lnP).toBeLessThan(-11);
  });

  it('does not count one device that tries again and again', () => {
    const retries = Array.from({ length: 30 }, (_, n) => report('stuck', 36 * 24 + n, { signature: CODE }));
    expect(watch([...history, ...retries])).toEqual([]);
  });

  it('is not woken by volume: three hundred times the installs with the usual share of failures', () => {
    const wave = Array.from({ length: 6_000 }, (_, n) =>
      report(`wave-${n}`, 36 * 24 + (n % 10), {
        bank: n % 2 ? 'bank-a' : 'bank-b',
        signature: n % 50 === 7 ? '0x80240034' : null,
      }),
    );
    expect(watch([...history, ...wave])).toEqual([]);
  });

  it('does not test what arrives more than a week late', () => {
    expect(watch([...history, ...incident(12, { delayHours: 200 })])).toEqual([]);
  });

  it('closes when the failures stop and enough devices succeed, and a late report joins what is closed', () => {
    const after = [...history, ...incident(12), ...healthyWeeks(37, 6)];
    const alerts = watch(after, 24);
    expect(alerts).toHaveLength(1);
    const closedMs = alerts[0]?.closedMs ?? Infinity;
    expect(closedMs).toBeLessThan(43 * 24 * HOUR_MS);
    const late = Array.from({ length: 5 }, (_, n) =>
      report(`late-${n}`, 42 * 24 + n, { signature: CODE, delayHours: 130 }),
    );
    expect(watch([...after, ...late], 24)).toHaveLength(1);
  });

  it('gives the same alerts in whatever order reports of one hour come', () => {
    const reports = [...history, ...incident(9), ...incident(6, { bank: 'bank-b', kb: 'KB5043050' })];
    const expected = watch(reports);
    expect(expected.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_003 }), (seed) => {
        expect(watch(reports, 0, (n) => (n * 7_919 + seed) % 104_729)).toEqual(expected);
      }),
      { numRuns: 3 },
    );
  });
});
