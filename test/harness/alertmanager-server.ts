import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from './eventually.js';
import { freePort } from '#runtime/free-port.js';

const run = promisify(execFile);
const PACKAGE = 'prometheus-alertmanager';
const program = (name: string): string => `/usr/bin/${name}`;
/** RUNLEVEL 1: the package's own daemon is not started. */
const APT = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } };

/**
 * Installs Debian's Alertmanager by apt when it is not there.
 * @returns why it cannot run here; null when it can
 */
export async function alertmanagerMissing(): Promise<string | null> {
  if (existsSync(program(PACKAGE))) return null;
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', PACKAGE], APT);
  try {
    await install().catch(async () => {
      await run('apt-get', ['update'], APT);
      await install();
    });
    return null;
  } catch (error) {
    return `the Debian package ${PACKAGE} cannot be installed: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** What amtool says about a file or question; rejects when it says no. */
export const amtool = (...args: readonly string[]) => run(program('amtool'), [...args]);

/** An Alertmanager of its own in a temporary directory. */
export interface AlertmanagerServer {
  readonly url: string;
  /** Alerts it holds, active or not. */
  alerts(): Promise<readonly HeldAlert[]>;
  stop(): Promise<void>;
  /** Stops it and removes its directory. */
  dispose(): Promise<void>;
  /** Starts it again on the same port, after `stop`. */
  start(): Promise<void>;
}

export interface HeldAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly status: { readonly state: string; readonly silencedBy: readonly string[] };
  readonly startsAt: string;
  readonly endsAt: string;
}

/** @param config the configuration as YAML; without it nothing is told to anybody */
export async function alertmanagerOn(config: string = NOBODY): Promise<AlertmanagerServer> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-am-'));
  writeFileSync(join(directory, 'alertmanager.yml'), config);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let server: ReturnType<typeof spawn> | null = null;
  const start = async (): Promise<void> => {
    server = spawn(
      program(PACKAGE),
      [
        `--config.file=${join(directory, 'alertmanager.yml')}`,
        `--storage.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    );
    await eventually('Alertmanager', async () => ((await fetch(`${url}/-/ready`)).ok ? true : null));
  };
  const stop = async (): Promise<void> => {
    if (!server) return;
    const exited = once(server, 'exit');
    server.kill('SIGTERM');
    await exited;
    server = null;
  };
  await start();
  return {
    url,
    alerts: async () => (await (await fetch(`${url}/api/v2/alerts`)).json()) as HeldAlert[],
    start,
    stop,
    dispose: async () => {
      await stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const NOBODY = 'route:\n  receiver: nobody\n  group_wait: 0s\nreceivers:\n  - name: nobody\n';
