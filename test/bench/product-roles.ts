import type { ProcessUsage } from './process-usage.js';
import { processTree } from './process-usage.js';
import { round } from './figure.js';

const ROLES: readonly (readonly [RegExp, string])[] = [
  [/engine-process/, 'engine'],
  [/collector\/main/, 'collector'],
  [/projector\/main\.js --rebuild/, 'rebuild'],
  [/projector\/main/, 'projector'],
  [/console\/main/, 'console'],
  [/rollcall\/main\.js up/, 'supervisor'],
];

/** What a process of the product is there for. */
export const roleOf = ({ command }: ProcessUsage): string =>
  ROLES.find(([pattern]) => pattern.test(command))?.[1] ?? 'other';

/** CPU seconds of each process of a product so far. */
export function cpuByRole(rootPid: number): Map<string, number> {
  const cpu = new Map<string, number>();
  for (const process of processTree(rootPid)) {
    cpu.set(roleOf(process), (cpu.get(roleOf(process)) ?? 0) + process.cpuSeconds);
  }
  return cpu;
}

/** CPU seconds of each process for 1,000 events between two looks, and of all together. */
export function cpuSecondsPerThousand(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  events: number,
): Readonly<Record<string, number>> {
  const used = [...after].map(([role, seconds]) => [role, seconds - (before.get(role) ?? 0)] as const);
  const all = used.reduce((sum, [, seconds]) => sum + seconds, 0);
  return Object.fromEntries(
    [...used, ['all', all] as const].map(([role, seconds]) => [role, round((seconds / events) * 1_000)]),
  );
}
