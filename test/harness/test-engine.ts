import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouseEngine } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import type { ClickHouseEngine, EngineOptions } from '#attempt-store/clickhouse-engine/clickhouse-engine.js';
import { compiledEntry } from './compiled-entry.js';

/** A ClickHouse of its own for a spec, on a temporary directory and a free port. */
export interface TestEngine extends ClickHouseEngine {
  readonly directory: string;
}

/** One per spec file: a start takes about a second. `stop` also removes the directory. */
export async function startTestEngine(options: Partial<EngineOptions> = {}): Promise<TestEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-engine-'));
  const engine = await startClickHouseEngine({
    directory: join(directory, 'clickhouse'),
    passwordsFile: join(directory, 'clickhouse-passwords.json'),
    port: 0,
    entry: await compiledEntry('libs/attempt-store/clickhouse-engine/engine-process.ts'),
    ...options,
  });
  return {
    directory,
    url: engine.url,
    port: engine.port,
    get passwords() {
      return engine.passwords;
    },
    get pid() {
      return engine.pid;
    },
    urlFor: (user) => engine.urlFor(user),
    addBankReaders: (banks) => engine.addBankReaders(banks),
    async stop() {
      await engine.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
