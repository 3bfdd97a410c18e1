import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { EngineEvent } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { DataDirectory } from '#runtime/data-directory.js';

/** The store behind this installation: our own engine, or a ClickHouse server that somebody else runs. */
export interface Engine {
  /** With user and password. */
  readonly writerUrl: string;
  readonly readerUrl: string;
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
    return { writerUrl: external, readerUrl: external, stop: () => Promise.resolve() };
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
  return { writerUrl: engine.urlFor('writer'), readerUrl: engine.urlFor('reader'), stop };
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
