import { describe, expect, it } from '@jest/globals';
import type { AttemptReport } from '#domain/attempt-event.js';
import type { ReadingAccount } from '../reading-account.js';
import { GATE_REASONS, judgeEvidence } from './judge-evidence.js';
import type { EvidenceSeen, EvidenceWanted } from './judge-evidence.js';

const account = (fields: Partial<ReadingAccount> = {}): ReadingAccount => ({
  format: 'cbs_log',
  records: 100,
  understood: 10,
  setAside: { routine: 90 },
  notUnderstood: 0,
  reports: 1,
  from: '2024-02-01T00:00:00',
  to: '2024-02-20T12:00:00',
  offsets: [{ utcOffset: '+08:00', from: '2024-02-01 00:00:00', to: '2024-02-20 12:00:00' }],
  ...fields,
});
const failure: AttemptReport = {
  deviceName: 'PC-0042.bank.example',
  targetKb: 'KB5034763',
  outcome: 'rolled_back',
  occurredAt: '2024-02-20T01:21:03.000Z',
};
const seen: EvidenceSeen = {
  accounts: [account()],
  reports: [failure],
  toolVersion: null,
  unreadableFiles: 0,
};
const wanted: EvidenceWanted = {
  deviceName: 'pc-0042',
  kb: 'KB5034763',
  failedAt: '2024-02-20T01:30:00.000Z',
};
const codes = (want: Partial<EvidenceWanted>, see: Partial<EvidenceSeen> = {}) =>
  judgeEvidence({ ...wanted, ...want }, { ...seen, ...see }).reasons.map(({ code }) => code);

describe('evidence gate', () => {
  it('accepts the logs of the failure, and what it cannot know it does not hold against them', () => {
    expect(judgeEvidence(wanted, seen)).toEqual({ accepted: true, reasons: [] });
    expect(codes({}, { reports: [] })).toEqual([]);
    expect(codes({ deviceName: null, kb: null, failedAt: null })).toEqual([]);
    expect(codes({}, { accounts: [account({ from: null, to: null })], reports: [] })).toEqual([]);
  });

  it('refuses logs of another device', () => {
    expect(codes({ deviceName: 'pc-0043' })).toEqual(['wrong_device']);
    const nameless = { ...failure, deviceName: undefined };
    expect(codes({ deviceName: 'pc-0043' }, { reports: [nameless] })).toEqual([]);
  });

  it('refuses logs in which the update went in, unless it failed again later', () => {
    const success: AttemptReport = {
      ...failure,
      outcome: 'succeeded',
      occurredAt: '2024-02-20T03:00:00.000Z',
    };
    expect(codes({}, { reports: [failure, success] })).toEqual(['succeeded_here']);
    expect(codes({}, { reports: [success, { ...failure, occurredAt: '2024-02-20T04:00:00.000Z' }] })).toEqual(
      [],
    );
    expect(codes({}, { reports: [{ ...success, occurredAt: '2024-02-11T03:00:00.000Z' }] })).toEqual([]);
    expect(codes({}, { reports: [{ ...success, occurredAt: null }] })).toEqual(['succeeded_here']);
    expect(
      codes(
        {},
        {
          reports: [
            { ...success, occurredAt: null },
            { ...failure, occurredAt: null },
          ],
        },
      ),
    ).toEqual([]);
    expect(codes({}, { reports: [{ ...success, targetKb: 'KB5000001' }] })).toEqual([]);
    expect(codes({}, { reports: [{ ...success, operation: 'uninstall' }] })).toEqual([]);
  });

  it('refuses logs that end before the failure, or begin after it', () => {
    const without = { reports: [] };
    expect(codes({ failedAt: '2024-02-20T05:00:00.000Z' }, without)).toEqual(['does_not_cover_failure']);
    expect(codes({ failedAt: '2024-01-31T15:59:00.000Z' }, without)).toEqual(['log_overwritten']);
    // 00:00 local is 16:00 UTC of the day before.
    expect(codes({ failedAt: '2024-01-31T16:01:00.000Z' }, without)).toEqual([]);
    // A log that does not say its zone may cover it.
    expect(
      codes({ failedAt: '2024-02-21T01:00:00.000Z' }, { ...without, accounts: [account({ offsets: [] })] }),
    ).toEqual([]);
    const utc = account({ from: '2024-02-01T00:00:00.000Z', to: '2024-02-20T12:00:00.000Z' });
    expect(codes({ failedAt: '2024-02-20T12:00:01.000Z' }, { ...without, accounts: [utc] })).toEqual([
      'does_not_cover_failure',
    ]);
    expect(codes({ failedAt: '2024-03-05T00:00:00.000Z' })).toEqual(['does_not_cover_failure']);
  });

  it('refuses damaged files and old tools', () => {
    expect(codes({}, { accounts: [] })).toEqual(['corrupt']);
    expect(codes({}, { accounts: [account({ format: 'unknown' })] })).toEqual(['corrupt']);
    expect(codes({}, { accounts: [account({ notUnderstood: 51 })] })).toEqual(['corrupt']);
    expect(codes({}, { unreadableFiles: 2 })).toEqual(['corrupt']);
    expect(
      ['0.9.9', '1.0.0', '1.2.0', '2.0.0', 'new'].map((toolVersion) => codes({}, { toolVersion })),
    ).toEqual([['tool_too_old'], [], [], [], []]);
  });

  it('says for every reason in Chinese and English what to collect', () => {
    const all = judgeEvidence(
      { deviceName: 'x', kb: 'KB5034763', failedAt: null },
      {
        accounts: [],
        reports: [{ ...failure, outcome: 'succeeded' }],
        toolVersion: '0.1.0',
        unreadableFiles: 0,
      },
    ).reasons;
    expect(all.map(({ code }) => code)).toEqual([
      'wrong_device',
      'succeeded_here',
      'tool_too_old',
      'corrupt',
    ]);
    for (const { zh, en } of all) {
      expect(zh).toMatch(/\p{Script=Han}.*。$/u);
      expect(en).toMatch(/^[A-Z].*\.$/);
    }
    expect(GATE_REASONS).toHaveLength(6);
  });
});
