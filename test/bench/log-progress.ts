import type { Generation } from '#domain/generation.js';
import type { EventLog } from '#event-log/event-log.js';
import { waitMs } from './bench-run.js';
import type { Installation } from './installation.js';

/** How many attempts the log holds, and how many of them the projector has committed: stored and visible in every view. */
export interface LogProgress {
  readonly appended: number;
  readonly committed: number;
}

/** Looks at the log beside the processes that use it; costs neither of them anything. */
export async function logProgress(log: EventLog, generation: Generation = 'blue'): Promise<LogProgress> {
  const sum = (offsets: readonly number[]): number => offsets.reduce((total, offset) => total + offset, 0);
  return {
    appended: sum(await log.endOffsets('patch.attempts')),
    committed: sum(await log.committedOffsets(`projector-${generation}`, 'patch.attempts')),
  };
}

/** Resolves when the projector has committed everything that the log holds. */
export async function untilDrained({ openLog }: Installation): Promise<void> {
  const log = await openLog();
  try {
    for (;;) {
      const { appended, committed } = await logProgress(log);
      if (committed >= appended) return;
      await waitMs(100);
    }
  } finally {
    await log.close();
  }
}
