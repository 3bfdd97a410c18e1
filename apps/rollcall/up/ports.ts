import { freePort, isPortFree } from '#runtime/free-port.js';
import { CommandFailure, EXIT } from '../exit-codes.js';

/** Ports of one installation, all on 127.0.0.1. `projector` serves health and metrics only. */
export interface Ports {
  readonly collector: number;
  readonly console: number;
  /** null when another ClickHouse is used. */
  readonly clickhouse: number | null;
  readonly projector: number;
}

/**
 * The port asked for (0 = any free one).
 * @throws CommandFailure naming port and flag when it cannot be had
 */
export async function claimPort(port: number, flag: string): Promise<number> {
  if (port === 0) return freePort();
  if (await isPortFree(port)) return port;
  throw new CommandFailure(
    EXIT.failed,
    `port ${port} on 127.0.0.1 is in use or not allowed; end what listens there or choose another with ${flag} PORT (0 = any free one)`,
  );
}
