import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClickHouse } from '#attempt-store/clickhouse/connection.js';
import type { Cluster } from '#attempt-store/clickhouse/cluster-ddl.js';
import { PortInUseError } from '#attempt-store/clickhouse-engine/engine-words.js';
import { freePort } from '#runtime/free-port.js';
import { startTestEngine } from './test-engine.js';
import type { TestEngine } from './test-engine.js';

const NAME = 'rollcall';

/** Two engines as the two shards of one cluster; both know the same users. */
export interface TestCluster {
  readonly engines: readonly [TestEngine, TestEngine];
  /** For those who make tables. */
  readonly cluster: Cluster;
  stop(): Promise<void>;
}

/** The second engine costs a spec about a second and 250 MB. */
export async function startTestCluster(): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'rollcall-cluster-'));
  const passwordsFile = join(directory, 'passwords.json');
  const engines = await startShards(passwordsFile);
  const shards = engines.map((engine) => connectClickHouse({ url: engine.urlFor('writer') }));
  return {
    engines,
    cluster: { name: NAME, shards },
    async stop() {
      await Promise.all(shards.map((client) => client.close()));
      for (const engine of engines) await engine.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Both must know both ports before they start, so one may be taken by the time its engine does: then with others. */
async function startShards(passwordsFile: string, triesLeft = 3): Promise<TestCluster['engines']> {
  const nativePorts = [await freePort(), await freePort()];
  const startShard = (own: number) =>
    startTestEngine({ passwordsFile, cluster: { name: NAME, nativePorts, own } });
  const first = startShard(0);
  try {
    return [await first, await first.then(() => startShard(1))];
  } catch (error) {
    await first.then(
      (engine) => engine.stop(),
      () => undefined,
    );
    if (!(error instanceof PortInUseError) || triesLeft === 1) throw error;
    return startShards(passwordsFile, triesLeft - 1);
  }
}
