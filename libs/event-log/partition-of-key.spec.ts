import { describe, expect, it } from '@jest/globals';
import { murmur2, partitionOfKey } from './partition-of-key.js';

describe('partition of a key', () => {
  /** Kafka's own vectors: clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java. */
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (text, hash) => {
    expect(murmur2(text)).toBe(hash);
  });

  it('takes keys outside ASCII by their UTF-8 bytes', () => {
    expect(murmur2('银行/d-1')).toBe(murmur2('\u94f6\u884c/d-1'));
    expect(murmur2('银行/d-1')).not.toBe(murmur2('行银/d-1'));
  });

  it('spreads device keys evenly over 12 partitions', () => {
    const counts = new Array<number>(12).fill(0);
    for (let device = 0; device < 12_000; device++) {
      const partition = partitionOfKey(`bank-a/d-${device}`, 12);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
