import { startTestEngine } from '../../../test/harness/test-engine.js';
import { describeAttemptStoreContract } from '../attempt-store.contract.js';
import { ClickHouseStore } from './clickhouse-store.js';
import { ClickHouseWriters } from './clickhouse-writers.js';
import { connectClickHouse } from './connection.js';

describeAttemptStoreContract('ClickHouse out of the npm package chdb, over HTTP', async () => {
  const engine = await startTestEngine();
  const writer = connectClickHouse({ url: engine.urlFor('writer') });
  const reader = connectClickHouse({ url: engine.urlFor('reader') });
  const openWriters = (isShared = false) => new ClickHouseWriters(writer, 'rules-of-the-test', isShared);
  return {
    writers: openWriters(),
    laterWriters: () => openWriters(),
    sharedWriters: () => openWriters(true),
    // Questions go through the user of the console: its grants are part of the contract.
    store: new ClickHouseStore(reader, () => Promise.resolve('blue')),
    async dispose() {
      await Promise.all([writer.close(), reader.close()]);
      await engine.stop();
    },
  };
});
