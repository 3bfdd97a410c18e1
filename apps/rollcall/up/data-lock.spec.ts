import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';
import { lockDataDirectory } from './data-lock.js';
import { readRunning, removeRunning, writeRunning } from './running-file.js';

let data: DataDirectory;
beforeEach(() => {
  data = openDataDirectory(mkdtempSync(join(tmpdir(), 'rollcall-lock-')));
});
afterEach(() => {
  rmSync(data.root, { recursive: true, force: true });
});

const ports = { collector: 1, console: 2, clickhouse: null, projector: 3 };
const fail = (error: Error): void => {
  throw error;
};

describe('the data directory', () => {
  it('is taken by one supervisor; the second is told which one and what to do', async () => {
    const release = await lockDataDirectory(data, fail);
    writeRunning(data.running, { pid: process.pid, startedAt: new Date().toISOString(), ports, pids: {} });
    await expect(lockDataDirectory(data, fail)).rejects.toThrow(
      new RegExp(`already runs on .*process ${process.pid}.*--data`),
    );
    removeRunning(data.running);
    await release();
    const again = await lockDataDirectory(data, fail);
    await again();
    expect(existsSync(join(data.root, 'supervisor.lock'))).toBe(false);
  });

  it('is free at once when its supervisor was killed', async () => {
    await lockDataDirectory(data, () => undefined); // never released: the process was killed
    writeRunning(data.running, { pid: 2 ** 22 + 1, startedAt: new Date().toISOString(), ports, pids: {} });
    const release = await lockDataDirectory(data, fail);
    expect(existsSync(data.running)).toBe(false);
    await release();
  });

  it('counts as not running when the supervisor was killed', () => {
    writeRunning(data.running, { pid: 2 ** 22 + 1, startedAt: new Date().toISOString(), ports, pids: {} });
    expect(readRunning(data.running)).toBeNull();
  });
});
