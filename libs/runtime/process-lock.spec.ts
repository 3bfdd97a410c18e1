import { mkdir, mkdtemp, rm, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isLocked, takeLock } from './process-lock.js';

describe('the lock file of a process', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rollcall-lock-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is held by one until it is released', async () => {
    const path = join(directory, 'work');
    const held = await takeLock(path, 0);
    expect(await isLocked(path)).toBe(true);
    expect(await takeLock(path, 0)).toBeNull();
    await held?.release();
    expect(await isLocked(path)).toBe(false);
  });

  it('of another, who took it over meanwhile, stays when it is released', async () => {
    const path = join(directory, 'work');
    const slept = await takeLock(path, 0);
    await rmdir(`${path}.lock`);
    await mkdir(join(directory, 'so that the number of the file is another'));
    await mkdir(`${path}.lock`);
    await slept?.release();
    expect((await stat(`${path}.lock`)).isDirectory()).toBe(true);
  });

  it('cannot be made where there is no directory: that is an error, not a refusal', async () => {
    await expect(takeLock(join(directory, 'nowhere', 'work'), 0)).rejects.toThrow('ENOENT');
  });
});
