import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, describe, expect, it } from '@jest/globals';
import { freePort } from '#runtime/free-port.js';
import { claimPort } from './ports.js';
import { SupervisedProcess } from './supervised-process.js';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-supervised-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const serving = script(
  'serving.mjs',
  `import http from 'node:http';
   http.createServer((request, response) => {
     if (request.url === '/crash') process.exit(3);
     response.end(String(process.pid));
   }).listen(process.argv[2], '127.0.0.1');
   process.on('SIGTERM', () => process.exit(0));
   process.stdin.on('close', () => process.exit(0)).resume();`,
);
const deaf = script(
  'deaf.mjs',
  `import http from 'node:http';
   http.createServer((_, response) => response.end('ok')).listen(process.argv[2], '127.0.0.1');
   process.on('SIGTERM', () => {});`,
);

async function supervise(path: string) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const ends: string[] = [];
  const pauses: (number | null)[] = [];
  const process_ = new SupervisedProcess(
    { name: 'child', args: [path, String(port)], environment: process.env, readyUrl: url },
    {
      line: () => undefined,
      exited: (_name, how, againInMs) => {
        ends.push(how);
        pauses.push(againInMs);
      },
    },
  );
  process_.start();
  return { process_, url, ends, pauses };
}

describe('SupervisedProcess', () => {
  it('starts a child again when it ends by itself', async () => {
    const { process_, url, ends } = await supervise(serving);
    await process_.whenReady(20_000);
    const before = process_.pid;
    await fetch(`${url}crash`).catch(() => undefined);
    while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await process_.whenReady(20_000);
    expect(process_.pid).not.toBe(before);
    expect(ends).toEqual(['exit code 3']);
    await process_.stop(5_000);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('waits longer before each start of a child that ends at once, and short again after one that was well', async () => {
    const { process_, url, pauses } = await supervise(serving);
    const crash = async (): Promise<number | null | undefined> => {
      const before = pauses.length;
      await process_.whenReady(20_000);
      await fetch(`${url}crash`).catch(() => undefined);
      while (pauses.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
      return pauses.at(-1);
    };
    const first = await crash();
    while ((await crash()) === first);
    await process_.whenReady(20_000);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await crash()).toBe(first);
    await process_.stop(5_000);
  });

  it('kills a child that does not listen, and does not start it again', async () => {
    const { process_, ends } = await supervise(deaf);
    await process_.whenReady(20_000);
    await process_.stop(300);
    expect(ends).toEqual(['signal SIGKILL']);
    expect(process_.pid).toBeUndefined();
  });

  it('gives up a start that keeps failing, with the child’s last words', async () => {
    const { process_ } = await supervise(
      script('broken.mjs', `console.error('no such bank'); process.exit(1);`),
    );
    await expect(process_.whenReady(30_000)).rejects.toThrow(/ended 4 times[\s\S]*no such bank/);
    await process_.stop(1_000);
  });

  it('takes its children along when it is killed: their stdin closes', async () => {
    const port = await freePort();
    const parent = script(
      'parent.mjs',
      `import { spawn } from 'node:child_process';
       const child = spawn(process.execPath, [${JSON.stringify(serving)}, '${port}'], { stdio: ['pipe', 'inherit', 'inherit'], detached: true });
       setInterval(() => child.pid, 1000);`,
    );
    const supervisor = spawn(process.execPath, [parent], { stdio: 'ignore' });
    const isUp = () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      );
    while (!(await isUp())) await new Promise((resolve) => setTimeout(resolve, 50));
    supervisor.kill('SIGKILL');
    while (await isUp()) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await isUp()).toBe(false);
  });
});

describe('claimPort', () => {
  it('names port and flag when the port is taken', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await expect(claimPort(port, '--console-port')).rejects.toThrow(
      new RegExp(`port ${port} .* --console-port`),
    );
    server.close();
  });
});
