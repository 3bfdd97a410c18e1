import type { DataDirectory } from '#runtime/data-directory.js';

/** Everything `rollcall up` tells its children; their `*.config.ts` say what each one reads. */
interface ChildEnvironment {
  /** The data directory. */
  readonly ROLLCALL_DATA: string;
  /** Where the event log is: `lmdb:<directory>` here, `kafka:<brokers>` on many machines. */
  readonly ROLLCALL_LOG: string;
  /** ClickHouse with user and password. The projector writes, the console only reads. */
  readonly ROLLCALL_CLICKHOUSE?: string;
  /** The banks' pseudonym keys. */
  readonly ROLLCALL_KEYS_FILE: string;
  readonly ROLLCALL_HOST: string;
  readonly ROLLCALL_PORT: string;
  readonly ROLLCALL_LOG_LEVEL: string;
  /** `stdin`: end when stdin closes, because then the supervisor is gone. */
  readonly ROLLCALL_PARENT_LIFELINE: 'stdin';
  /** Appends wait for fsync in this pool: few threads would serialise them. */
  readonly UV_THREADPOOL_SIZE: string;
  /** glibc gives every thread its own heap; with 16 threads that doubles the resident memory for nothing. */
  readonly MALLOC_ARENA_MAX: string;
}

export interface ChildSettings {
  readonly data: DataDirectory;
  readonly port: number;
  readonly clickhouse?: string;
  readonly logLevel: string;
}

/** The environment of one child: the supervisor's own (proxies, TZ, NODE_EXTRA_CA_CERTS …) and ours over it. */
export function childEnvironment(settings: ChildSettings, inherited: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own: ChildEnvironment = {
    ROLLCALL_DATA: settings.data.root,
    ROLLCALL_LOG: inherited['ROLLCALL_LOG'] ?? `lmdb:${settings.data.log}`,
    ...(settings.clickhouse === undefined ? {} : { ROLLCALL_CLICKHOUSE: settings.clickhouse }),
    ROLLCALL_KEYS_FILE: settings.data.keys,
    ROLLCALL_HOST: '127.0.0.1',
    ROLLCALL_PORT: String(settings.port),
    ROLLCALL_LOG_LEVEL: settings.logLevel,
    ROLLCALL_PARENT_LIFELINE: 'stdin',
    UV_THREADPOOL_SIZE: '16',
    MALLOC_ARENA_MAX: '2',
  };
  return { ...inherited, ...own };
}

/**
 * Heap limits (MiB) that keep all processes under 2 GiB together with the engine; a process over its limit ends
 * and is started again instead of taking the machine with it. A look over nine million reports of five minutes beside
 * 30,000 a second took the projector over 512; with 768 all processes are at 2.3 GiB for its seconds (docs/limits.md).
 */
export const HEAP_LIMIT_MIB = { collector: 320, projector: 768, console: 192 } as const;

/**
 * Room for young objects (MiB): a batch lives a second and then dies as a whole. With Node's default of 16 the
 * collector of garbage took a fifth of the projector's CPU. Batches of a rebuild are larger: it is a tenth faster with twice
 * the room, and goes on for minutes only.
 */
export const SEMI_SPACE_MIB = { collector: 32, projector: 64, console: 16, rebuild: 128 } as const;
