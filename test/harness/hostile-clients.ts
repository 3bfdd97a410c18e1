import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Clients that misbehave on a socket. Each resolves when the connection is over, however it ended; none throws.
 * `resetAndDestroy` sends RST: the other side's next read fails instead of ending.
 */
async function withSocket(port: number, misbehave: (socket: Socket) => void | Promise<void>): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const over = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  socket.on('error', () => undefined).on('data', () => undefined);
  await new Promise<void>((resolve) =>
    socket
      .once('connect', () => {
        resolve();
      })
      .once('close', () => {
        resolve();
      }),
  );
  await misbehave(socket);
  await over;
}

/** Sends part of a header and resets. */
export const halfHeader = (port: number, header: string): Promise<void> =>
  withSocket(port, async (socket) => {
    socket.write(header.slice(0, Math.floor(header.length / 2)));
    await sleep(5);
    socket.resetAndDestroy();
  });

/** A good request, then half of the next one on the same connection, then a reset. */
export const halfSecondHeader = (port: number, header: string): Promise<void> =>
  withSocket(port, async (socket) => {
    socket.write('GET /ping HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise<void>((resolve) =>
      socket
        .once('data', () => {
          resolve();
        })
        .once('close', () => {
          resolve();
        }),
    );
    socket.write(header.slice(0, Math.floor(header.length / 2)));
    await sleep(5);
    socket.resetAndDestroy();
  });

/** A whole header that promises `promised` bytes, a part of the body, then a reset. */
export const halfBody = (port: number, header: string, body: string, promised: number): Promise<void> =>
  withSocket(port, async (socket) => {
    socket.write(`${header}Content-Length: ${promised}\r\n\r\n${body}`);
    await sleep(20);
    socket.resetAndDestroy();
  });

/** A body in chunks whose sizes are nonsense. */
export const brokenChunks = (port: number, header: string): Promise<void> =>
  withSocket(port, (socket) => {
    socket.write(`${header}Transfer-Encoding: chunked\r\n\r\n5\r\n["a",\r\nzz\r\n`);
  });

/** Dribbles a body byte by byte for `durationMs` and then goes away without a word. */
export const slowBody = (port: number, header: string, durationMs: number): Promise<void> =>
  withSocket(port, async (socket) => {
    socket.write(`${header}Content-Length: 100000\r\n\r\n`);
    const endsAt = Date.now() + durationMs;
    while (Date.now() < endsAt) {
      socket.write('[');
      await sleep(100);
    }
    socket.destroy();
  });

/** Bytes that are no HTTP. */
export const garbage = (port: number): Promise<void> =>
  withSocket(port, (socket) => {
    socket.end(randomBytes(2_000));
  });

/** A header of many kilobytes. */
export const hugeHeader = (port: number, kilobytes: number): Promise<void> =>
  withSocket(port, (socket) => {
    socket.end(`GET / HTTP/1.1\r\nHost: x\r\nX-Much: ${'m'.repeat(kilobytes * 1024)}\r\n\r\n`);
  });

/** Asks, and goes away: at once, or after the first bytes of the answer. */
export function abortedQuery(
  url: string,
  headers: Readonly<Record<string, string>>,
  sql: string,
  afterFirstBytes: boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const call = request(url, { method: 'POST', headers, agent: false });
    call
      .on('close', () => {
        resolve();
      })
      .on('error', () => undefined);
    call.on('response', (response) => {
      response.on('error', () => undefined);
      response.once('data', () => call.destroy());
    });
    call.end(sql, () => {
      if (!afterFirstBytes) call.destroy();
    });
  });
}

/** Runs `work` `times` times, at most `atOnce` at the same time. */
export async function repeat(
  times: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
