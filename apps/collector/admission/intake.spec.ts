import { tmpdir } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { BankQuota } from './bank-quota.js';
import { Intake } from './intake.js';

const limits = { dataDirectory: tmpdir(), minFreeBytes: 0, maxInFlightBytes: 100, maxInFlightRequests: 3 };

describe('Intake', () => {
  it('bounds the bytes of all bodies, and gives them back', async () => {
    const seen: number[] = [];
    const intake = new Intake(limits, (bytes) => seen.push(bytes));
    const [a, b, c] = [await intake.admit('a'), await intake.admit('b'), await intake.admit('c')];
    a.grow(50);
    b.grow(40);
    expect(() => {
      c.grow(11);
    }).toThrow(expect.objectContaining({ status: 503, code: 'busy' }));
    a.end();
    c.grow(11);
    b.end();
    c.end();
    expect(seen.at(-1)).toBe(0);
  });

  it('keeps one bank from filling the memory of all', async () => {
    const intake = new Intake(limits, () => undefined);
    const ticket = await intake.admit('a');
    expect(() => {
      ticket.grow(51);
    }).toThrow(expect.objectContaining({ status: 429 }));
  });

  it('lets nothing in when the disk is nearly full', async () => {
    const intake = new Intake({ ...limits, minFreeBytes: Number.MAX_SAFE_INTEGER }, () => undefined);
    await expect(intake.admit('a')).rejects.toMatchObject({ status: 503, code: 'disk_full' });
  });
});

describe('BankQuota', () => {
  it('lets a minute’s worth pass at once, then as much as flows in, each bank for itself', () => {
    let nowMs = 0;
    const quota = new BankQuota(10, () => nowMs);
    quota.take('a', 600);
    expect(() => {
      quota.take('a', 1);
    }).toThrow(expect.objectContaining({ status: 429 }));
    quota.take('b', 600);
    nowMs = 100;
    quota.take('a', 1);
    // A batch larger than the bucket passes when the bucket is full: else it could never pass.
    nowMs = 600_000;
    quota.take('a', 10_000);
  });
});
