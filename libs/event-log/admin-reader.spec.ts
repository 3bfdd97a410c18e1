import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminEventSchema } from '#domain/admin.js';
import { AdminReader, appendAdminEvent } from './admin-reader.js';
import { LogUnavailableError } from './event-log.js';
import type { EventLog } from './event-log.js';
import { openLmdbEventLog } from './lmdb/lmdb-event-log.js';

let folder: string;
let log: EventLog;
let nowMs = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-admin-'));
  log = await openLmdbEventLog({ directory: folder });
  nowMs = 0;
  await addBank('bank-a');
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const addBank = (bank: string) =>
  appendAdminEvent(
    log,
    adminEventSchema.parse({
      type: 'BankAdded',
      bank,
      timeZone: null,
      fqdn: false,
      at: '2024-09-10T00:00:00.000Z',
    }),
  );
const banksOf = async (reader: AdminReader) => [...(await reader.current()).banks.keys()];

it('reads again what is older than it may be', async () => {
  const reader = new AdminReader(log, 10_000, () => nowMs);
  expect(await banksOf(reader)).toEqual(['bank-a']);
  await addBank('bank-b');
  nowMs = 10_000;
  expect(await banksOf(reader)).toEqual(['bank-a']);
  nowMs = 10_001;
  expect(await banksOf(reader)).toEqual(['bank-a', 'bank-b']);
});

it('holds what it read for 30 s while the log does not answer, and no longer', async () => {
  const reader = new AdminReader(log, 10_000, () => nowMs);
  await reader.current();
  await log.close();
  nowMs = 30_000;
  expect(await banksOf(reader)).toEqual(['bank-a']);
  await expect(reader.refresh()).rejects.toThrow(LogUnavailableError);
  nowMs = 30_001;
  await expect(reader.current()).rejects.toThrow(LogUnavailableError);
});

it('that never read anything has nothing to hold', async () => {
  await log.close();
  await expect(new AdminReader(log, 10_000, () => nowMs).current()).rejects.toThrow(LogUnavailableError);
});
