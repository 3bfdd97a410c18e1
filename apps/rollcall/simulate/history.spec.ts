import { describe, expect, it } from '@jest/globals';
import { attemptReportSchema, inventoryReportSchema } from '#domain/attempt-event.js';
import { buildFleet } from './fleet.js';
import { historyOf } from './history.js';
import { incidentDevices, incidentReports } from './incident.js';
import { releasesBefore } from './releases.js';

const DAY_MS = 86_400_000;
const endMs = Date.UTC(2026, 10, 20, 12);
const fleet = buildFleet({ seed: 's', bankCount: 2, devicesPerBank: 400 });
const place = { bank: 'bank-a', branch: 'branch-003' };
const settings = { seed: 's', weeks: 5, endMs, heldBack: place };
const history = historyOf(fleet, settings);

const attempts = history.filter(({ report }) => report.eventType !== 'patch.device_inventory');

describe('a simulated fleet', () => {
  it('is the same for the same seed and another for another', () => {
    expect(buildFleet({ seed: 's', bankCount: 2, devicesPerBank: 400 })).toEqual(fleet);
    expect(buildFleet({ seed: 't', bankCount: 2, devicesPerBank: 400 })).not.toEqual(fleet);
    expect(historyOf(fleet, settings)).toEqual(history);
  });

  it('gives every device a key of its own', () => {
    expect(new Set(fleet.map(({ deviceKey }) => deviceKey)).size).toBe(800);
  });
});

describe('its history', () => {
  it('holds only reports that a collector takes', () => {
    const wrong = history.filter(({ report }) => {
      const schema =
        report.eventType === 'patch.device_inventory' ? inventoryReportSchema : attemptReportSchema;
      return !schema.safeParse(report).success;
    });
    expect(wrong).toEqual([]);
  });

  it('comes in the order of arrival, within five weeks and before its end, never before what it tells', () => {
    const arrivals = history.map(({ receivedAtMs }) => receivedAtMs);
    expect(arrivals).toEqual(arrivals.toSorted((left, right) => left - right));
    expect(arrivals.at(-1)).toBeLessThanOrEqual(endMs);
    expect(arrivals[0]).toBeGreaterThan(endMs - 36 * DAY_MS);
    const early = attempts.filter(({ report, receivedAtMs }) => {
      const { occurredAt } = attemptReportSchema.parse(report);
      return receivedAtMs < Date.parse(occurredAt ?? '');
    });
    expect(early).toEqual([]);
  });

  it('has two Patch Tuesdays within it', () => {
    for (const release of releasesBefore(endMs)) {
      const day = new Date(release.publishedAtMs);
      expect(day.getUTCDay()).toBe(2);
      expect(release.publishedAtMs).toBeLessThanOrEqual(endMs - DAY_MS);
      expect(release.publishedAtMs).toBeGreaterThan(endMs - 37 * DAY_MS);
    }
  });

  it('has few failures, with several codes, in every bank', () => {
    const outcomes = attempts.map(({ bank, report }) => ({ bank, ...attemptReportSchema.parse(report) }));
    const ended = outcomes.filter(({ outcome }) => outcome !== 'unknown');
    const failed = ended.filter(({ outcome }) => outcome === 'failed' || outcome === 'rolled_back');
    expect(failed.length / ended.length).toBeGreaterThan(0.01);
    expect(failed.length / ended.length).toBeLessThan(0.12);
    expect(new Set(failed.map(({ hresult }) => hresult)).size).toBeGreaterThan(5);
    expect(new Set(failed.map(({ bank }) => bank)).size).toBe(2);
    expect(failed.map(({ hresult }) => hresult)).not.toContain('0x80071ab1');
  });

  it('never installs the latest release in the branch that is held back', () => {
    const [, latest] = releasesBefore(endMs);
    const kbs = Object.values(latest.updates).map(({ kb }) => kb);
    const there = attempts.map(({ bank, report }) => ({ bank, ...attemptReportSchema.parse(report) }));
    const inBranch = there.filter(({ bank, branch }) => bank === place.bank && branch === place.branch);
    expect(inBranch.length).toBeGreaterThan(0);
    expect(inBranch.filter(({ targetKb }) => kbs.includes(targetKb ?? ''))).toEqual([]);
  });
});

describe('the incident', () => {
  const incident = { seed: 's', ...place, fromMs: endMs - 40 * 60_000, toMs: endMs, devices: 20 };
  const reports = incidentReports(fleet, incident);

  it('hits one build line of one branch: start, failure and servicing log of each device', () => {
    const hit = incidentDevices(fleet, incident);
    expect(hit).toHaveLength(20);
    expect(new Set(hit.map(({ line }) => line)).size).toBe(1);
    expect(reports).toHaveLength(60);
    expect(new Set(reports.map(({ report }) => report.deviceKey))).toEqual(
      new Set(hit.map(({ deviceKey }) => deviceKey)),
    );
  });

  it('arrives within its time, rolled back with 0x80071ab1 in poqexec', () => {
    for (const { report, receivedAtMs } of reports) {
      const parsed = attemptReportSchema.parse(report);
      expect(receivedAtMs).toBeGreaterThanOrEqual(incident.fromMs);
      expect(receivedAtMs).toBeLessThanOrEqual(incident.toMs);
      if (parsed.source !== 'servicing') continue;
      expect(parsed).toMatchObject({ outcome: 'rolled_back', hresult: '0x80071ab1', stage: 'poqexec' });
    }
  });
});
