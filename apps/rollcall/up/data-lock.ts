import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { check, lock } from 'proper-lockfile';
import type { DataDirectory } from '#runtime/data-directory.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { readRunning, removeRunning, wasKilled } from './running-file.js';

const STALE_AFTER_MS = 10_000;

/**
 * Takes the data directory for one supervisor; answers the release.
 * The lock of a killed supervisor is taken over when its heartbeat is older than 10 s.
 * @throws CommandFailure when another Rollcall runs on it
 */
export async function lockDataDirectory(
  data: DataDirectory,
  onLost: (error: Error) => void,
): Promise<() => Promise<void>> {
  const lockfilePath = join(data.root, 'supervisor.lock');
  const running = readRunning(data.running);
  if (running && (await check(data.root, { lockfilePath, stale: STALE_AFTER_MS }))) {
    throw refusal(data, `process ${running.pid}, console http://127.0.0.1:${running.ports.console}`);
  }
  if (wasKilled(data.running)) {
    // Nobody keeps that lock alive any more: the next start need not wait until it is stale.
    rmSync(lockfilePath, { recursive: true, force: true });
    removeRunning(data.running);
  }
  const options = {
    lockfilePath,
    stale: STALE_AFTER_MS,
    update: STALE_AFTER_MS / 4,
    // A supervisor killed before it wrote its file leaves a lock for up to `stale`: wait for it rather than refuse.
    retries: { retries: 12, minTimeout: 1_000, maxTimeout: 1_000 },
    onCompromised: onLost,
  };
  try {
    return await lock(data.root, options);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') throw refusal(data, 'its lock is kept alive');
    throw error;
  }
}

const refusal = (data: DataDirectory, who: string): CommandFailure =>
  new CommandFailure(
    EXIT.failed,
    `another Rollcall already runs on ${data.root} (${who}); stop it first, or give this one its own --data`,
  );
