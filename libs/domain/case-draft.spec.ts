import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { draftCase } from './case-draft.js';
import type { CohortFacts } from './case-fields.js';
import texts from './case-texts.json' with { type: 'json' };
import { findPersonal } from './personal-text.js';
import { releaseLabelOf } from './kb/release-label.js';

const cohort: CohortFacts = {
  bank: 'bank-a',
  build: '17763.5936',
  kb: 'KB5041578',
  signature: {
    id: 'mfrggzdfmztwq2lk',
    l1: '0x80071ab1',
    l2: '',
    l3: '',
    reason: 'Grouped by code 0x80071ab1 (ERROR_LOG_GROWTH_FAILED).',
  },
  failing: 17,
  firstSeen: '2026-03-10T03:12:45.120Z',
  lastSeen: '2026-03-12T21:40:00.000Z',
  devices: Array.from({ length: 17 }, (_, n) => ({ deviceKey: `d-device${n}`, open: true })),
  branches: [{ name: 'branch-07', devices: 17 }],
  channels: [
    { name: 'wsus', devices: 16 },
    { name: 'dism', devices: 1 },
  ],
  attempts: 41,
  stage: 'primitives',
  hresult: '0x80071ab1',
  reportedHresult: '0x800f0922',
  innerErrors: [{ code: '0xc0000102', kind: 'ntstatus' }],
  excerpt: ['2026-03-10 11:12:45, Error CSI Failed to grow the log [HRESULT = 0x80071ab1]'],
  otherBanks: 2,
  sources: ['windows_update_client'],
};
const nothing: CohortFacts = {
  ...cohort,
  build: 'unknown',
  kb: 'unknown',
  firstSeen: null,
  lastSeen: null,
  devices: [],
  branches: [{ name: 'unknown', devices: 17 }],
  channels: [],
  attempts: 0,
  stage: 'unknown',
  hresult: '',
  reportedHresult: '',
  innerErrors: [],
  excerpt: [],
  sources: [],
};

/** domain.md §5.3, in the words of the template. */
const FIELDS =
  'caseNo severity bankCode scopeOrg contactRole reached edition editionBuildVerdict osBuild kb releaseLabel channel deviceCount deviceRefs firstSeen lastSeen attempts stage hresult errorText source innerErrors signature otherBanksCount evidence remediesTried remediesProposed reproduction nextAction owner dueDate uploadLink wakeOn resolutionCode consent'.split(
    ' ',
  );

describe.each(['zh', 'en'] as const)('a case draft in %s', (language) => {
  const words = texts[language];
  const label = (field: string) =>
    words.missing.replace('{label}', words.labels[field as keyof typeof words.labels]);

  it('holds every field of the template, or names it as missing', () => {
    const { title, body, missing } = draftCase(cohort, language);
    for (const field of FIELDS) {
      expect(`${words.title}\n${words.body.join('\n')}`).toContain(`{${field}}`);
      expect(`${title}\n${body}`.includes(label(field))).toBe(missing.includes(field));
    }
    expect(body).not.toMatch(/\{\w+\}/);
    expect(title).not.toMatch(/\{\w+\}/);
  });

  it('is filled from the cohort', () => {
    const { title, body } = draftCase(cohort, language);
    for (const known of ['bank-a', 'branch-07', '2024-08 B', '0x80071ab1 ERROR_LOG_GROWTH_FAILED'])
      expect(title).toContain(known);
    for (const known of [
      '17763.5936',
      'KB5041578',
      'WSUS',
      'DISM',
      '41',
      '2026-03-10 03:12 UTC',
      '2026-03-10',
      '0x800f0922',
      '0xc0000102 STATUS_FILE_CORRUPT_ERROR',
      'mfrggzdfmztwq2lk',
      'd-device0',
      'd-device9',
      'Failed to grow the log',
    ])
      expect(body).toContain(known);
    expect(body).not.toContain('d-device10');
  });

  it('invents nothing when the cohort knows nothing', () => {
    const { title, body, missing } = draftCase(nothing, language);
    for (const field of FIELDS.filter(
      (name) => !['bankCode', 'deviceCount', 'signature', 'otherBanksCount'].includes(name),
    ))
      expect(missing).toContain(field);
    expect(title).toContain(label('hresultOrStage'));
    expect(body).toContain(label('nextAction'));
  });

  it('says that the number of other banks is not visible to whoever may not see it', () => {
    const { body, missing } = draftCase({ ...cohort, otherBanks: null }, language);
    const hidden = language === 'zh' ? '〔无权查看：其他银行数〕' : '[not visible: number of other banks]';
    expect(body).toContain(hidden);
    expect(missing).toContain('otherBanksCount');
    expect(draftCase(cohort, language).body).not.toContain(hidden.slice(0, 6));
  });

  it('takes what is told, and proposes to collect the decisive log only while it is lacking', () => {
    const told = {
      caseNo: 'CAS-1',
      severity: 'P2',
      edition: 'V2019',
      reached: 'no',
      owner: 'support',
    } as const;
    const { title, body, missing } = draftCase(cohort, language, told);
    expect(title).toContain('CAS-1');
    expect(title).toContain('|P2|');
    expect(body).toContain(words.reached.no);
    expect(missing).not.toContain('nextAction');
    expect(draftCase({ ...cohort, sources: ['cbs_log'] }, language).missing).toContain('nextAction');
  });

  it('checks the edition that is told, and proposes steps with their risk and outcomes', () => {
    const body = (edition: string) =>
      draftCase({ ...cohort, build: '17763.2114' }, language, { edition }).body;
    expect(body('V2022-L')).toContain(
      language === 'zh' ? '不一致：V2022-L 应为 19044' : 'conflict: V2022-L should be 19044',
    );
    expect(body('V2020-L')).toContain(words.words.consistent);
    expect(body('of our own')).toContain(label('editionBuildVerdict'));
    expect(body('V2022-L')).toMatch(/fsutil resource setautoreset true c:.*(1 次中 1 次有效|1 of 1 times)/);
    const unheard = draftCase({ ...cohort, hresult: '0x80123456', reportedHresult: '' }, language);
    expect(unheard.missing).toContain('remediesProposed');
    expect(unheard.missing).toContain('remediesTried');
  });

  it('names the remedy that was counted to help first, with its record, and what was used on these devices', () => {
    const count = { tried: 10, fixed: 9, open: 0, tooFew: false, interval: [0.596, 0.982] as const };
    const ledger = [{ remedyId: 'in_place_upgrade', level: 1 as const, ...count }];
    const used = [{ remedyId: 'retry', signature: null, ...count, tried: 1, fixed: 0, open: 1 }];
    const { body, missing } = draftCase(cohort, language, {}, { ledger, used });
    expect(missing).not.toContain('remediesTried');
    expect(body).toContain(language === 'zh' ? 'retry（2 台，0 台有效）' : 'retry (2 devices, fixed 0)');
    const [first, second] = ['95', 'fsutil'].map((text) => body.indexOf(text));
    expect(body).toMatch(
      language === 'zh'
        ? /10 次中 9 次有效（95% 区间 60%–98%）/
        : /9 of 10 times \(95 % interval 60 % to 98 %\)/,
    );
    expect(first).toBeLessThan(second ?? 0);
  });

  it('carries no person, host or secret, whatever the evidence or the caller holds', () => {
    const leaks = [
      'password: hunter2',
      '密码：abc123',
      'https://up.example/x?token=abcdef0123',
      'https://someone:pass@host.example/',
      'call 13812345678 or 021-12345678 or +49 30 1234 5678',
      'S-1-5-21-1004336348-1177238915-682003330-512',
      'C:\\Users\\zhang.san\\AppData\\Local\\Temp',
      '\\\\FILESRV01\\share',
      'DESKTOP-AB12CD3',
      'zhang.san@bank.example',
      'rc_0123456789abcdef0123456789abcdef',
    ];
    const { title, body } = draftCase({ ...cohort, excerpt: leaks }, language, {
      contactRole: 'zhang.san@bank.example',
      scopeOrg: 'DESKTOP-AB12CD3',
    });
    expect(findPersonal(title)).toEqual([]);
    expect(findPersonal(body)).toEqual([]);
    for (const leak of [
      'hunter2',
      'abc123',
      'abcdef0123',
      '13812345678',
      'zhang',
      'FILESRV01',
      'AB12CD3',
      '682003330',
    ])
      expect(`${title}\n${body}`).not.toContain(leak);
    expect(body).toContain(words.withheld);
  });

  it('withholds nothing from a draft that holds no such thing', () => {
    expect(draftCase(cohort, language).body).not.toContain(words.withheld);
  });
});

describe('the guard', () => {
  it('leaves codes, KBs, builds, packages, times and system paths alone', () => {
    const harmless = [
      '0x80071ab1 KB5041578 17763.6189 10.0.17763.6189 10.0.22621.1',
      'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6189.1.6',
      '2026-03-10 11:12:45.123, Error CSI 00000013 (F) C:\\Windows\\System32\\config\\systemprofile',
      'd-abcdefghij2345672345 C:\\Users\\Public\\x',
      '31086492_3894551412 30785000_1234567890',
    ];
    for (const text of harmless) expect(findPersonal(text)).toEqual([]);
  });
  it('leaves nothing findable behind, in any text', () => {
    const piece = fc.constantFrom(
      'password:',
      '密码：',
      ' ',
      'x',
      '?token=',
      '13812345678',
      '\\Users\\',
      'a@b.cn',
      '\n',
      'S-1-5-21-1-2',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 12 }), (pieces) => {
        const { body, title } = draftCase({ ...cohort, excerpt: [pieces.join('')] }, 'en');
        expect(findPersonal(`${title}\n${body}`)).toEqual([]);
      }),
    );
  });
});

describe('release label', () => {
  it('comes from the release date of the catalogue', () => {
    expect(releaseLabelOf('KB5041578', '17763.5936')).toBe('2024-08 B');
    expect(releaseLabelOf('KB5014699', '19044.1645')).toBe('2022-06 B');
    expect(releaseLabelOf('KB0000001', '19044.1645')).toBeNull();
  });
});
