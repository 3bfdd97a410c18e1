import { describe, expect, it } from '@jest/globals';
import { scrubExcerpt } from './scrub-excerpt.js';

describe('scrubExcerpt', () => {
  it('leaves no name that the row tells, wherever it stands', () => {
    const row = JSON.stringify({
      comment: 'seen on branch-17',
      excerpt: ['BRANCH-17: C:\\Users\\zhang\\a denied', '\\\\fileserver\\share'],
      hostName: 'other-9',
      remark: 'or on OTHER-9',
      targetKb: 7,
      deviceName: 'Branch-17.corp.example',
    });
    const excerpt = scrubExcerpt(row);
    expect(excerpt).not.toMatch(/branch-17|zhang|fileserver|other-9/i);
    expect(excerpt).toContain('"targetKb":7');
  });

  it('finds the name beyond what it keeps, and bears text that is no JSON', () => {
    const row = `{"a":"on pc-7 ${'x'.repeat(9_000)}","deviceName":"PC-7"`;
    expect(scrubExcerpt(row)).toMatch(/^\{"a":"on <host> x+$/);
    expect(scrubExcerpt('"deviceName":"PC-(7')).toBe('"deviceName":"(withheld)"');
    expect(Buffer.byteLength(scrubExcerpt('累'.repeat(5_000)))).toBeLessThanOrEqual(1024);
  });
});
