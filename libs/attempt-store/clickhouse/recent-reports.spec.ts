import { describe, expect, it } from '@jest/globals';
import type { Report } from '#domain/report.js';
import { reportOf, sampleAttempt } from '../../../test/harness/sample-events.js';
import { RecentReports } from './recent-reports.js';

const report = (deviceKey: string, id: string): Report => reportOf(sampleAttempt(id, { deviceKey }));

describe('RecentReports', () => {
  it('knows a key from its first report on, whole', () => {
    const recent = new RecentReports(10);
    const reports = [report('device-a', 'one'), report('device-a', 'two')] as const;
    recent.add(reports[0], true);
    recent.add(reports[1], false);
    expect(recent.of(reports[0])).toEqual(reports);
  });

  it('never answers for a key whose first reports it has not seen, or has forgotten', () => {
    const recent = new RecentReports(2);
    const [old, newer, newest, met] = [
      report('device-a', 'one'),
      report('device-b', 'two'),
      report('device-c', 'three'),
      report('device-d', 'four'),
    ];
    recent.add(met, false);
    expect(recent.of(met)).toBeNull();
    for (const each of [old, newer, newest]) recent.add(each, true);
    expect(recent.of(old)).toBeNull();
    expect(recent.of(newest)).toEqual([newest]);
    // Back again, but no longer from its beginning.
    recent.add(old, false);
    expect(recent.of(old)).toBeNull();
  });
});
