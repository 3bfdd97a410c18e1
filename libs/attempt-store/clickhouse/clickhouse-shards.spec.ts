import { startTestCluster } from '../../../test/harness/test-cluster.js';
import { describeAttemptStoreContract } from '../attempt-store.contract.js';
import { ClickHouseStore } from './clickhouse-store.js';
import { ClickHouseWriters } from './clickhouse-writers.js';
import { connectClickHouse } from './connection.js';

describeAttemptStoreContract('two shards under Distributed tables', async () => {
  const started = await startTestCluster();
  const { cluster } = started;
  const [first, second] = started.engines;
  // Written through one shard, asked of the other: no answer may depend on which.
  const writer = connectClickHouse({ url: first.urlFor('writer') });
  const reader = connectClickHouse({ url: second.urlFor('reader') });
  const openWriters = (isShared = false) =>
    new ClickHouseWriters(writer, 'rules-of-the-test', isShared, cluster);
  return {
    writers: openWriters(),
    laterWriters: () => openWriters(),
    sharedWriters: () => openWriters(true),
    store: new ClickHouseStore(reader, () => Promise.resolve('blue')),
    async dispose() {
      await Promise.all([writer.close(), reader.close()]);
      await started.stop();
    },
  };
});
