/** What the supervisor and the engine's process say to each other. */

/** Marks the query that keeps ClickHouse running; ending it stops the engine in order. */
const BOOT_MARK = '/*rollcall boot*/';

const KEEP_RUNNING = `SELECT ${BOOT_MARK} sleepEachRow(3) FROM system.numbers SETTINGS max_block_size = 1, max_execution_time = 0, function_sleep_max_microseconds_per_block = 0 FORMAT Null`;

/**
 * Opens the HTTP listener and then sleeps for ever. The native port stays closed: a client that resets in the middle
 * of a header ends the whole engine there, and no proxy of ours speaks its protocol. Only shards of a cluster on one
 * machine (in tests) need it to reach each other.
 */
export const bootQuery = (listenNative: boolean): string =>
  `SYSTEM START LISTEN ${listenNative ? 'QUERIES ALL' : 'HTTP'}; ${KEEP_RUNNING}`;

/** The boot session has no user name; a client who copies the mark into a query of his own is not stopped by it. */
export const STOP_QUERY = `KILL QUERY WHERE user = '' AND query LIKE '%${BOOT_MARK}%' ASYNC`;

/** First line on the standard input of the engine's process. */
export interface StopOrder {
  /** The engine's own HTTP listener on loopback. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** After this time without an end the process kills itself. */
  readonly graceMs: number;
}

/** EX_CONFIG of sysexits: packages missing or of another make; trying again does not help. */
export const CANNOT_RUN_EXIT_CODE = 78;

/** The engine could not be started, and why, in words for an operator. */
export class EngineStartError extends Error {
  override readonly name = 'EngineStartError';
}

/** Another engine holds the directory. One whose supervisor was killed gives it back within seconds. */
export class DirectoryInUseError extends EngineStartError {}

/** Somebody else listens on a port of the engine's own that was free when it was chosen. */
export class PortInUseError extends EngineStartError {}
