import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below what Linux (32768) and Windows and macOS (49152) take for outgoing connections, above the usual services.
 * A port out of those ranges may be some connection's own end by the time its server starts, or starts again:
 * even the end of one who asked that very port whether the server is up (a TCP connection to itself).
 */
const [LOWEST, BEYOND] = [15_000, 29_000] as const;
const TRIES = 100;
/** UDP sockets of the ports given out: see `freePort`. */
const held = new Map<number, Socket>();

/** Whether a server could listen on this port of 127.0.0.1 at this moment. @throws Error when that cannot be told */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * A port of 127.0.0.1 that nobody listens on now, that no outgoing connection will get, and that no other call of this
 * function gives out, in any process, until this process ends or releases it: not before its server listens, and not
 * while that server is started again. The UDP port of the same number, which nobody else needs, is held as the sign.
 * @throws Error when all tried are taken
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, BEYOND);
    if (!(await holdPort(port))) continue;
    if (await isPortFree(port)) return port;
    releasePort(port);
  }
  throw new Error(`no free port among ${TRIES} tried from ${LOWEST} to ${BEYOND - 1} on 127.0.0.1`);
}

/** Others may be given this port again; nothing happens when `freePort` of this process never gave it out. */
export function releasePort(port: number): void {
  held.get(port)?.close();
  held.delete(port);
}

function holdPort(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      held.set(port, socket);
      resolve(true);
    });
  });
}
