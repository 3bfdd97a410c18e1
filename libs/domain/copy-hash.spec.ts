import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attemptEvent } from '../../test/harness/sample-report.js';
import type { AttemptEvent } from './attempt-event.js';
import { copyHashOf } from './copy-hash.js';

const hashOf = (event: AttemptEvent): string => copyHashOf(Buffer.from(JSON.stringify(event)));

describe('copyHashOf', () => {
  it('is the same for a retry, whenever and by whichever collector it was taken', () => {
    const event = attemptEvent({ tags: { a: '1' }, extra: { more: 'é\u0000' } });
    const retry = {
      ...event,
      receivedAt: '2024-09-01T00:00:00.000Z',
      collector: { id: 'other', version: '9' },
    };
    expect(hashOf(retry)).toBe(hashOf(event));
    expect(hashOf(event)).toMatch(/^[0-9a-f]{16}$/);
  });

  it('is the XXH64 of its known test text', () => {
    expect(copyHashOf(Buffer.from(''))).toBe('ef46db3751d8e999');
    expect(copyHashOf(Buffer.from('abc'))).toBe('44bc2cf5ad770999');
  });

  it('differs with every fact', () => {
    const texts = fc.dictionary(fc.string({ minLength: 1 }), fc.string());
    const told = fc.record({
      tags: texts,
      excerpt: fc.array(fc.string({ unit: 'binary' }), { maxLength: 2 }),
    });
    const property = fc.property(told, told, (one, another) => {
      const same = JSON.stringify(one) === JSON.stringify(another);
      expect(hashOf(attemptEvent(one)) === hashOf(attemptEvent(another))).toBe(same);
    });
    fc.assert(property);
    expect(hashOf(attemptEvent({ excerpt: ['a', 'b'] }))).not.toBe(hashOf(attemptEvent({ excerpt: ['ab'] })));
  });

  it('differs with any byte, also where the bytes are no text', () => {
    expect(copyHashOf(Buffer.from([0xff]))).not.toBe(copyHashOf(Buffer.from([0xfe])));
  });
});
