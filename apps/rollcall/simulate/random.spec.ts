import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom } from './random.js';

describe('createRandom', () => {
  it('repeats itself for a seed and stays within its bounds', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: 1, max: 1_000 }),
        (seed, low, span) => {
          const random = createRandom(seed);
          const again = createRandom(seed);
          for (let draw = 0; draw < 20; draw += 1) {
            const value = random.between(low, low + span);
            expect(value).toBe(again.between(low, low + span));
            expect(value).toBeGreaterThanOrEqual(low);
            expect(value).toBeLessThan(low + span);
          }
        },
      ),
    );
  });

  it('picks by weight', () => {
    const random = createRandom('weights');
    const items = [
      { name: 'often', weight: 9 },
      { name: 'never', weight: 0 },
      { name: 'seldom', weight: 1 },
    ];
    const counts = { often: 0, never: 0, seldom: 0 };
    for (let draw = 0; draw < 10_000; draw += 1) {
      counts[random.pickWeighted(items).name as keyof typeof counts] += 1;
    }
    expect(counts.never).toBe(0);
    expect(counts.often / counts.seldom).toBeGreaterThan(6);
    expect(counts.often / counts.seldom).toBeLessThan(13);
  });
});
