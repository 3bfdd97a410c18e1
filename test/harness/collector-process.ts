import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { compiledEntry } from './compiled-entry.js';

/** A collector alone, as a process of its own. */
export interface CollectorProcess {
  readonly url: string;
  /** SIGKILL, at once. */
  kill(): void;
  /** The exit code; null when it was killed. */
  readonly ended: Promise<number | null>;
  /** SIGTERM; answers the exit code. */
  stop(): Promise<number | null>;
}

/**
 * @param environment ROLLCALL_DATA and what else its configuration knows
 * @throws Error with what it said when it ends instead of listening
 */
export async function startCollectorProcess(environment: NodeJS.ProcessEnv): Promise<CollectorProcess> {
  const entry = await compiledEntry('apps/collector/main.ts');
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ROLLCALL_PORT: '0', ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const said: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.push(line);
      const found = /"url":"(http:[^"]+)"/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then((code) => {
      reject(new Error(`the collector ended with ${code}:\n${said.join('\n')}`));
    });
  });
  return {
    url,
    ended,
    kill: () => {
      child.kill('SIGKILL');
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
