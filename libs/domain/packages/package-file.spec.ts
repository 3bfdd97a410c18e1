import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judgePackage } from './package-file.js';

const LISTED = 'e6e8cf2950f3cb27756591cb67cf386feebae44827bad401c02a73876a09b124';
const OTHER = 'a'.repeat(64);
const SHA1 = '0123456789abcdef0123456789abcdef01234567';
const file = (name: string, sha256: string, sha1 = SHA1, kb?: string) =>
  judgePackage({ name, sha256, sha1, kb });

describe('judgePackage', () => {
  it('knows a listed file whatever its name', () => {
    expect(file('windows10.0-kb5014692-x64.msu', LISTED)).toMatchObject({
      kb: 'KB5014692',
      verdict: 'match',
    });
    expect(file('update.msu', LISTED)).toMatchObject({ kb: 'KB5014692', verdict: 'match' });
  });

  it('refuses a file that is not the listed one, and a listed one under the name of another', () => {
    expect(file('windows10.0-kb5014692-x64.msu', OTHER)).toMatchObject({
      verdict: 'mismatch',
      checks: [{ by: 'reference_list', expected: [LISTED] }],
    });
    expect(file('x.msu', OTHER, SHA1, 'KB5014692').verdict).toBe('mismatch');
    expect(file('windows10.0-kb5015811-x64.msu', LISTED).verdict).toBe('mismatch');
  });

  it('compares with the SHA-1 in the name of the Update Catalog', () => {
    for (const tail of ['.msu', '.cab', ' (1).msu', '_x.cab'])
      expect(file(`windows10.0-kb5041578-x64_${SHA1.toUpperCase()}${tail}`, OTHER).verdict).toBe('match');
    expect(file(`windows10.0-kb5041578-x64_${'0'.repeat(40)}.msu`, OTHER)).toMatchObject({
      kb: 'KB5041578',
      verdict: 'mismatch',
      checks: [{ by: 'file_name', expected: ['0'.repeat(40)] }],
    });
    // A right name does not save wrong content, nor right content a wrong name.
    expect(file(`windows10.0-kb5014692-x64_${SHA1}.msu`, OTHER).verdict).toBe('mismatch');
    expect(file(`windows10.0-kb5014692-x64_${'0'.repeat(40)}.msu`, LISTED).verdict).toBe('mismatch');
  });

  it('says when nothing vouches for a file', () => {
    expect(file('windows10.0-kb5041578-x64.msu', OTHER)).toEqual({
      kb: 'KB5041578',
      verdict: 'no_reference',
      checks: [],
    });
    expect(file('setup.msu', OTHER)).toEqual({ kb: null, verdict: 'no_reference', checks: [] });
    expect(file(`a_${SHA1}f.msu`, OTHER).verdict).toBe('no_reference');
  });

  it('never vouches for content that nothing names', () => {
    const property = fc.property(fc.string(), fc.uint8Array(), (name, content) => {
      const sha = (algorithm: string): string => createHash(algorithm).update(content).digest('hex');
      const { verdict } = judgePackage({ name, sha256: sha('sha256'), sha1: sha('sha1') });
      expect(verdict === 'match').toBe(name.toLowerCase().includes(`_${sha('sha1')}`));
    });
    fc.assert(property);
  });
});
