import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DataDirectory } from '#runtime/data-directory.js';
import { isLocked, KILLED_HOLDS_S, takeLock } from '#runtime/process-lock.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { readRunning, removeRunning, wasKilled } from './running-file.js';

/**
 * Takes the data directory for one supervisor; answers the release.
 * @throws CommandFailure when another Rollcall runs on it
 */
export async function lockDataDirectory(
  data: DataDirectory,
  onLost: (error: Error) => void,
): Promise<() => Promise<void>> {
  const path = join(data.root, 'supervisor');
  const running = readRunning(data.running);
  if (running && (await isLocked(path))) {
    throw refusal(data, `process ${running.pid}, console http://127.0.0.1:${running.ports.console}`);
  }
  if (wasKilled(data.running)) {
    // Nobody keeps that lock alive any more: the next start need not wait until it is stale.
    rmSync(`${path}.lock`, { recursive: true, force: true });
    removeRunning(data.running);
  }
  const held = await takeLock(path, KILLED_HOLDS_S);
  if (held === null) throw refusal(data, 'its lock is kept alive');
  held.lost.addEventListener('abort', () => {
    onLost(held.lost.reason as Error);
  });
  return () => held.release();
}

const refusal = (data: DataDirectory, who: string): CommandFailure =>
  new CommandFailure(
    EXIT.failed,
    `another Rollcall already runs on ${data.root} (${who}); stop it first, or give this one its own --data`,
  );
