import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What `rollcall up` runs right now, so that other commands find it. Ports are on 127.0.0.1. */
const runningSchema = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  ports: z.object({
    collector: z.number(),
    console: z.number(),
    clickhouse: z.number().nullable(),
    projector: z.number().optional(),
  }),
  pids: z.record(z.string(), z.number()),
});
export type Running = z.infer<typeof runningSchema>;

/** The installation that runs on a data directory; null when none does (a file left by a killed supervisor counts as none). */
export function readRunning(path: string): Running | null {
  if (!existsSync(path)) return null;
  try {
    const running = runningSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return isAlive(running.pid) ? running : null;
  } catch {
    return null;
  }
}

/** A supervisor that was killed could not remove its file. */
export const wasKilled = (path: string): boolean => existsSync(path) && readRunning(path) === null;

/** Replaced at once: a reader never sees half of it. */
export function writeRunning(path: string, running: Running): void {
  writeFileSync(`${path}.new`, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

const LOOK_EVERY_MS = 1_000;

/** Writes the file now and whenever a process has another id. Answers how to end that; the file stays. */
export function keepRunning(path: string, describe: () => Running): () => void {
  let written = '';
  const keep = (): void => {
    const running = describe();
    const pids = JSON.stringify(running.pids);
    if (pids !== written) writeRunning(path, running);
    written = pids;
  };
  keep();
  const timer = setInterval(keep, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

export function removeRunning(path: string): void {
  rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
