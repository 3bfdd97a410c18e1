import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IdempotencyStore } from './idempotency-store.js';
import type { ReportAnswer } from './report-answer.js';

const HOUR_MS = 3_600_000;
const answerOf = (accepted: number): ReportAnswer => ({ status: 202, body: { accepted, rejected: [] } });
const never = () => Promise.reject(new Error('taken again'));

let directory: string;
let nowMs: number;
const openStore = (maxBytes = 1_000_000) => IdempotencyStore.open(directory, maxBytes, () => nowMs);

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-idempotency-'));
  nowMs = Date.parse('2024-09-10T06:15:00.000Z');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe('IdempotencyStore', () => {
  it('answers again what it answered, also after a restart and for 24 h', async () => {
    const first = await openStore();
    expect(await first.once('alpha', 'k', 'sha', () => Promise.resolve(answerOf(3)))).toEqual(answerOf(3));
    expect(await first.once('alpha', 'k', 'sha', never)).toEqual(answerOf(3));
    await first.close();
    nowMs += 23 * HOUR_MS;
    const second = await openStore();
    expect(await second.once('alpha', 'k', 'sha', never)).toEqual(answerOf(3));
    nowMs += 2 * HOUR_MS;
    expect(await second.once('alpha', 'k', 'sha', () => Promise.resolve(answerOf(4)))).toEqual(answerOf(4));
    await second.close();
  });

  it('refuses another body under the same key; other banks have their own keys', async () => {
    const store = await openStore();
    await store.once('alpha', 'k', 'sha', () => Promise.resolve(answerOf(1)));
    await expect(store.once('alpha', 'k', 'other', never)).rejects.toMatchObject({ status: 422 });
    expect(await store.once('beta', 'k', 'other', () => Promise.resolve(answerOf(2)))).toEqual(answerOf(2));
    await store.close();
  });

  it('makes a second request wait for the first, and keeps no failure', async () => {
    const store = await openStore();
    let takes = 0;
    const slow = async () => {
      takes += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return answerOf(takes);
    };
    const both = await Promise.all([
      store.once('alpha', 'k', 's', slow),
      store.once('alpha', 'k', 's', slow),
    ]);
    expect(both).toEqual([answerOf(1), answerOf(1)]);
    await expect(store.once('alpha', 'x', 's', never)).rejects.toThrow('taken again');
    expect(await store.once('alpha', 'x', 's', () => Promise.resolve(answerOf(9)))).toEqual(answerOf(9));
    await store.close();
  });

  it('reads what is whole in a file that a crash left half a line in', async () => {
    const first = await openStore();
    await first.once('alpha', 'k', 'sha', () => Promise.resolve(answerOf(3)));
    await first.close();
    const [name = ''] = await readdir(directory);
    await appendFile(join(directory, name), '{"bank":"alpha","key":"to');
    const second = await openStore();
    await second.once('alpha', 'l', 'sha', () => Promise.resolve(answerOf(5)));
    await second.close();
    const third = await openStore();
    expect(await third.once('alpha', 'k', 'sha', never)).toEqual(answerOf(3));
    expect(await third.once('alpha', 'l', 'sha', never)).toEqual(answerOf(5));
    await third.close();
  });

  it('drops the oldest hours when it grows too large', async () => {
    const store = await openStore(1_000);
    for (let n = 0; n < 20; n += 1) {
      nowMs += HOUR_MS;
      await store.once('alpha', `k${n}`, 'sha', () => Promise.resolve(answerOf(n)));
    }
    expect((await readdir(directory)).length).toBeLessThan(10);
    expect(await store.once('alpha', 'k19', 'sha', never)).toEqual(answerOf(19));
    expect(await store.once('alpha', 'k0', 'sha', () => Promise.resolve(answerOf(7)))).toEqual(answerOf(7));
    await store.close();
  });
});
