import { readFileSync, readdirSync } from 'node:fs';

/** The processes that one `rollcall up` keeps. */
export const ROLES = ['collector', 'projector', 'console', 'engine'] as const;
export type Role = (typeof ROLES)[number];

export interface InstallationProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** null = none of the four: the supervisor, or a command that works on the directory. */
  readonly role: Role | null;
}

const SCRIPT_OF_ROLE: Readonly<Record<Role, string>> = {
  collector: '/apps/collector/main.js',
  projector: '/apps/projector/main.js',
  console: '/apps/console/main.js',
  engine: '/engine-process.js',
};

/**
 * Every live process that works on this data directory, found in /proc by its arguments and environment: also one
 * whose supervisor was killed and which nobody can name any more. Not this process itself. Linux only.
 */
export function processesOn(dataDirectory: string): readonly InstallationProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        return describeProcess(name, dataDirectory);
      } catch {
        return []; // It ended while we looked, or belongs to another user.
      }
    });
}

function describeProcess(name: string, dataDirectory: string): readonly InstallationProcess[] {
  const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
  // After the name in brackets, which may hold anything: state, parent.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z') return [];
  const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8');
  const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
  if (!commandLine.includes(dataDirectory) && !environment.includes(`ROLLCALL_DATA=${dataDirectory}\0`))
    return [];
  const role = ROLES.find((one) => commandLine.includes(SCRIPT_OF_ROLE[one])) ?? null;
  return [{ pid: Number(name), parentPid: Number(parent), role }];
}
