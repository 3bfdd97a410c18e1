import { createServer } from 'node:net';
import { CommandFailure, EXIT } from '../exit-codes.js';

/** Ports of one installation, all on 127.0.0.1. `projector` serves health and metrics only. */
export interface Ports {
  readonly collector: number;
  readonly console: number;
  /** null when another ClickHouse is used. */
  readonly clickhouse: number | null;
  readonly projector: number;
}

/** Listens for a moment: the port it got, or null when `port` is taken. `0` = any free one. */
export function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : null);
      });
    });
  });
}

/** A port nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  const port = await tryPort(0);
  if (port === null) throw new Error('the system gave no free port');
  return port;
}

/**
 * The port asked for (0 = any free one).
 * @throws CommandFailure naming port and flag when it cannot be had
 */
export async function claimPort(port: number, flag: string): Promise<number> {
  const got = await tryPort(port);
  if (got !== null) return got;
  throw new CommandFailure(
    EXIT.failed,
    `port ${port} on 127.0.0.1 is in use or not allowed; end what listens there or choose another with ${flag} PORT (0 = any free one)`,
  );
}
