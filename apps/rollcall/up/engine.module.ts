import { readFileSync } from 'node:fs';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { EngineEvent } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { DataDirectory } from '#runtime/data-directory.js';

/** The store behind this installation: our own engine, or a ClickHouse server that somebody else runs. */
export interface Engine {
  /** With user and password. */
  readonly writerUrl: string;
  readonly readerUrl: string;
  /** Readers of banks that were added; a ClickHouse that somebody else runs gets its users from them. */
  addBankReaders(banks: readonly string[]): Promise<void>;
  /** Process id now; null while it is away, or not ours. */
  readonly pid: number | null;
  /** Lets running queries finish; an engine that has not ended after `budgetMs` is killed (its writes are fsynced). */
  stop(budgetMs: number): Promise<void>;
}

export interface EngineSettings {
  readonly data: DataDirectory;
  /** `http://user:password@host:8123` of a real server; undefined = start our own on `port`. */
  readonly external: string | undefined;
  readonly port: number | null;
  /** Each gets a ClickHouse user that sees its rows only. */
  readonly banks: readonly string[];
  readonly onLine: (text: string) => void;
}

export async function startEngine(settings: EngineSettings): Promise<Engine> {
  const { data, external } = settings;
  if (external) {
    const nothing = () => Promise.resolve();
    return { writerUrl: external, readerUrl: external, addBankReaders: nothing, pid: null, stop: nothing };
  }
  const engine = await startClickHouseEngine({
    directory: data.clickhouse,
    passwordsFile: data.clickhousePasswords,
    banks: settings.banks,
    ...(settings.port === null ? {} : { port: settings.port }),
    onEvent: (event) => {
      settings.onLine(describeEvent(event));
    },
  });
  const stop = async (budgetMs: number): Promise<void> => {
    const { pid } = engine;
    const hardStop = setTimeout(() => {
      if (pid !== null) process.kill(pid, 'SIGKILL');
    }, budgetMs);
    await engine.stop();
    clearTimeout(hardStop);
  };
  return {
    writerUrl: engine.urlFor('writer'),
    readerUrl: engine.urlFor('reader'),
    addBankReaders: (banks) => engine.addBankReaders(banks),
    get pid() {
      return engine.pid;
    },
    stop,
  };
}

function describeEvent(event: EngineEvent): string {
  switch (event.kind) {
    case 'started':
      return `started in ${event.startMs} ms, process ${event.pid}`;
    case 'exited':
      return `ended (${JSON.stringify(event.exit)}), again in ${event.restartInMs} ms`;
    case 'start-failed':
      return `did not start: ${event.error.message}; again in ${event.restartInMs} ms`;
  }
}

/** Address and password of the engine that runs on a data directory, for a process that writes; null without an engine. */
export function writerUrlOf(data: DataDirectory, port: number | null): string | null {
  if (port === null) return null;
  const passwords = JSON.parse(readFileSync(data.clickhousePasswords, 'utf8')) as Readonly<
    Record<string, string>
  >;
  return `http://writer:${encodeURIComponent(passwords['writer'] ?? '')}@127.0.0.1:${port}`;
}
