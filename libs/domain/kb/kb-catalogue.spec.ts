import { describe, expect, it } from '@jest/globals';
import { buildsOfKb, isPlaceholderKb, kbOfBuild, kbOfPackage } from './kb-catalogue.js';
import { resolveKb } from './kb-links.js';

describe('kbOfBuild', () => {
  it('knows the builds of the cases', () => {
    expect(kbOfBuild('17763.2114')).toBe('KB5005030');
    expect(kbOfBuild('17763.6189')).toBe('KB5041578');
    expect(kbOfBuild('17763.3046')).toBe('KB5014692');
  });

  it('says null for what was never published', () => {
    expect(kbOfBuild('17763.1')).toBeNull();
    expect(kbOfBuild('17763')).toBeNull();
    expect(kbOfBuild('')).toBeNull();
    expect(kbOfBuild('unknown')).toBeNull();
  });

  it('takes the earlier of two KBs of one build', () => {
    expect(kbOfBuild('14393.187')).toBe('KB3189866');
  });
});

describe('buildsOfKb', () => {
  it('tells every revision of a KB that serves two builds', () => {
    expect(buildsOfKb('KB5034763').map(({ osBuild }) => osBuild)).toEqual(
      expect.arrayContaining(['19044.4046', '19045.4046']),
    );
    expect(buildsOfKb('KB5034763')[0]).toMatchObject({
      releasedOn: '2024-02-13',
      kind: 'security_or_monthly',
    });
    expect(buildsOfKb('KB6016623')).toEqual([]);
  });
});

describe('kbOfPackage', () => {
  it.each([
    ['Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6189.1.5', 'KB5041578'],
    ['Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.4046.1.6', 'KB5034763'],
    ['Package_for_KB5001234~31bf3856ad364e35~amd64~~10.0.1.4', 'KB5001234'],
    ['Package_2074_for_KB4088876~31bf3856ad364e35~amd64~~6.1.1.3', 'KB4088876'],
    ['package_for_kb5001234~31bf3856ad364e35~amd64~zh-CN~10.0.1.4', 'KB5001234'],
    ['KB5020683', 'KB5020683'],
  ])('%s is %s', (identity, kb) => {
    expect(kbOfPackage(identity)).toBe(kb);
  });

  it.each([
    'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.1.1.5',
    'Package_for_ServicingStack_3081~31bf3856ad364e35~amd64~~20348.3081.1.1',
    'Package_for_ServicingStack_6189~31bf3856ad364e35~amd64~~17763.6189.1.1',
    'Microsoft-Windows-Hello-Face-Migration-Package~31bf3856ad364e35~amd64~~10.0.19041.1',
    'Package_for_KB777777~31bf3856ad364e35~amd64~~10.0.1.1',
    'KB777778',
    'Package_for_KB123456789~31bf3856ad364e35~amd64~~10.0.1.1',
    '~~~~',
    '',
  ])('%s is none', (identity) => {
    expect(kbOfPackage(identity)).toBeNull();
  });

  it('knows the placeholders', () => {
    expect(['KB777777', 'KB777778', 'KB5041578'].map(isPlaceholderKb)).toEqual([true, true, false]);
  });
});

describe('resolveKb', () => {
  const links = [
    { updateId: 'ABFDD395-0000-4000-8000-000000000001', updateRevision: 200, kb: 'KB5041579' },
    { updateId: '{abfdd395-0000-4000-8000-000000000001}', updateRevision: 200, kb: 'KB5041578' },
    { updateId: 'abfdd395-0000-4000-8000-000000000001', updateRevision: 201, kb: 'KB5000001' },
  ];

  it('takes the smallest KB of the same update and revision, in any order', () => {
    const key = 'update:abfdd395-0000-4000-8000-000000000001.200';
    expect(resolveKb(key, links)).toBe('KB5041578');
    expect(resolveKb(key, [...links].reverse())).toBe('KB5041578');
  });

  it('leaves what is resolved or unknown as it is', () => {
    expect(resolveKb('KB5041578', links)).toBe('KB5041578');
    expect(resolveKb('update:other.200', links)).toBe('update:other.200');
    expect(resolveKb('package:x', links)).toBe('package:x');
  });
});
