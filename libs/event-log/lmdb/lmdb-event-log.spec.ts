import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEventLogContract } from '#event-log/event-log.contract.js';
import { openLmdbEventLog } from './lmdb-event-log.js';

describeEventLogContract('lmdb', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-log-'));
  let log = await openLmdbEventLog({ directory });
  return {
    log,
    reopen: async () => {
      await log.close();
      return (log = await openLmdbEventLog({ directory }));
    },
    dispose: async () => {
      await log.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});
