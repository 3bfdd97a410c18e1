import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { compiledEntry } from './compiled-entry.js';
import { processesOn } from './installation-processes.js';

/** One projector more beside that of a running `rollcall up`, with the same configuration. */
export class ExtraProjector {
  private constructor(private readonly process: ChildProcess) {}

  static async start(dataDirectory: string): Promise<ExtraProjector> {
    const first = processesOn(dataDirectory).find(({ role }) => role === 'projector');
    if (!first) throw new Error(`no projector works on ${dataDirectory}`);
    const environment = Object.fromEntries(
      readFileSync(`/proc/${first.pid}/environ`, 'utf8')
        .split('\0')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const)
        // Not to be taken for one of the installation's own, nor to end with its standard input.
        .filter(([name]) => name !== 'ROLLCALL_DATA' && name !== 'ROLLCALL_PARENT_LIFELINE'),
    );
    const child = spawn(process.execPath, [await compiledEntry('apps/projector/main.ts')], {
      env: { ...environment, ROLLCALL_PORT: '0' },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    return new ExtraProjector(child);
  }

  /** Stops it in the middle of what it does; `resume` lets it go on there. */
  hang(): void {
    this.process.kill('SIGSTOP');
  }

  resume(): void {
    this.process.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
