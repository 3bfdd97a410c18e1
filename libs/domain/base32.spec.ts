import { describe, expect, it } from '@jest/globals';
import { base32 } from './base32.js';

describe('base32', () => {
  it('writes the test vectors of RFC 4648, lower case, without padding', () => {
    expect(base32(Buffer.from('foobar'), 10)).toBe('mzxw6ytboi');
    expect(base32(Buffer.from('fooba'), 8)).toBe('mzxw6ytb');
  });

  it('gives as many characters as asked for from a longer input', () => {
    expect(base32(Buffer.from('foobar'), 3)).toBe('mzx');
  });
});
