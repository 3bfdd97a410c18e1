import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createPseudonyms } from '#domain/pseudonym.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import { createLogger } from '#runtime/logger.js';
import { forgetNames, nameMapFile, readNameMap } from '#runtime/name-map.js';
import { eventually } from '../../../test/harness/eventually.js';
import { postReports } from '../../../test/harness/post-reports.js';
import { startTestCollector } from '../../../test/harness/test-collector.js';
import type { TestCollector } from '../../../test/harness/test-collector.js';
import { NameBook } from './name-book.js';

const report = {
  source: 'servicing',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
};
const at = '2024-01-01T00:00:00.000Z';

describe('the name map of a bank', () => {
  let collector: TestCollector;
  let token: string;
  let file: string;
  beforeAll(async () => {
    collector = await startTestCollector();
    token = await collector.createToken(['collect']);
    file = nameMapFile(join(collector.directory, 'names'), 'alpha');
  });
  afterAll(() => collector.close());

  const setNameMap = (nameMap: boolean) =>
    appendAdminEvent(collector.log, {
      ...{ type: 'BankAdded', at, bank: 'alpha', timeZone: null, fqdn: false },
      nameMap,
    } as const);
  const send = async (...rows: readonly object[]) => {
    const all = rows.map((row) => ({ ...report, ...row }));
    expect((await postReports(collector.url, token, all)).status).toBe(202);
  };
  const namesNow = async () => [...(await readNameMap(file)).names.values()].sort();
  const namesBecome = (expected: readonly string[]) =>
    eventually(`names ${expected.join()}`, async () =>
      JSON.stringify(await namesNow()) === JSON.stringify(expected) ? true : null,
    );
  async function forgetName(name: string): Promise<void> {
    const entry = [...(await readNameMap(file)).names].find(([, known]) => known === name);
    expect(await forgetNames(file, entry?.[0] ?? '')).toBe(1);
  }

  it('is not kept unless the bank wants it', async () => {
    await send({ deviceName: 'NAMED-OFF' });
    expect(await readdir(collector.directory)).not.toContain('names');
  });

  it('holds the normalised name of devices sent by name, under the key that stands in the log', async () => {
    await setNameMap(true);
    await send(
      { deviceName: 'Named-1.corp.example', excerpt: ['on NAMED-1'], remark: 'named-1' },
      { deviceKey: 'd-by-key', deviceName: 'named-2' },
      { deviceName: 'NAMED-3', targetKb: 3 },
    );
    await namesBecome(['named-1']);
    const [deviceKey] = [...(await readNameMap(file)).names.keys()];
    const partitions = await collector.log.endOffsets('patch.attempts');
    const records = await Promise.all(
      partitions.map((_, partition) => collector.log.readRange('patch.attempts', partition, 0, 1_000)),
    );
    expect(deviceKey).toMatch(/^d-[a-z2-7]{20}$/);
    expect(records.flat().map(({ key }) => key)).toContain(`alpha/${deviceKey ?? ''}`);
  });

  it('is written once a device, however often it reports', async () => {
    await send(...Array.from({ length: 50 }, () => ({ deviceName: 'named-1' })), { deviceName: 'named-4' });
    await namesBecome(['named-1', 'named-4']);
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(3);
  });

  it('does not get back what was deleted, until that device reports again', async () => {
    await forgetName('named-1');
    await send({ deviceName: 'named-5' });
    await namesBecome(['named-4', 'named-5']);
    await eventually('the name of a device that reports again', async () => {
      await send({ deviceName: 'named-1' });
      return (await namesNow()).includes('named-1') ? true : null;
    });
    await setNameMap(false);
    expect(await forgetNames(file, null)).toBe(3);
    await send({ deviceName: 'named-1' }, { deviceName: 'named-6' });
    expect(await namesNow()).toEqual([]);
    await setNameMap(true);
  });

  it('takes reports all the same when the file cannot be written', async () => {
    rmSync(join(collector.directory, 'names'), { recursive: true });
    writeFileSync(join(collector.directory, 'names'), 'in the way');
    await send({ deviceName: 'named-7' }, { deviceName: 'named-8' });
    rmSync(join(collector.directory, 'names'));
    await eventually('names again', async () => {
      await send({ deviceName: 'named-7' });
      return (await namesNow()).includes('named-7') ? true : null;
    });
  });

  it('is the only place with a name: no other file has one, but rejected rows as they came', async () => {
    const files = (await readdir(collector.directory, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile(),
    );
    const filesWith = async (pattern: RegExp) => {
      const found: string[] = [];
      for (const { parentPath, name } of files) {
        const path = join(parentPath, name);
        // Latin-1 keeps every byte; lmdb writes texts as they are.
        if (pattern.test(await readFile(path, 'latin1')))
          found.push(path.slice(collector.directory.length + 1));
      }
      return found;
    };
    expect((await filesWith(/d-by-key/)).some((path) => path.startsWith('log'))).toBe(true);
    const withName = await filesWith(/named-\d/i);
    expect(withName.filter((path) => !path.startsWith('rejects'))).toEqual([join('names', 'alpha.ndjson')]);
  });
});

describe('NameBook', () => {
  let directory: string;
  let nowMs: number;
  const pseudonyms = createPseudonyms(Buffer.alloc(32, 1), false);
  const open = () => new NameBook(directory, createLogger('collector', 'fatal'), () => nowMs);
  const file = () => nameMapFile(directory, 'alpha');
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-names-'));
    nowMs = Date.now();
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  async function hear(book: NameBook, ...names: readonly string[]) {
    const listening = await book.listen('alpha', false, pseudonyms);
    for (const name of names) listening?.deviceKey(name);
    return { remember: () => listening?.remember() };
  }

  it('remembers nothing of a request that the log did not take', async () => {
    const book = open();
    await hear(book, 'pc-1');
    (await hear(book, 'pc-2')).remember();
    await book.close();
    expect([...(await readNameMap(file())).names.values()]).toEqual(['pc-2']);
  });

  it('knows after a restart what is in the file', async () => {
    const first = open();
    (await hear(first, 'pc-1', 'pc-2')).remember();
    await first.close();
    const second = open();
    (await hear(second, 'pc-1', 'pc-3')).remember();
    await second.close();
    expect((await readFile(file(), 'utf8')).match(/pc-1/g)).toHaveLength(1);
    expect([...(await readNameMap(file())).names.values()]).toEqual(['pc-1', 'pc-2', 'pc-3']);
  });

  it('does not write what it heard before a deletion and had not written yet', async () => {
    const book = open();
    (await hear(book, 'pc-1')).remember();
    await book.close();
    const late = await hear(book, 'pc-2');
    await forgetNames(file(), null);
    late.remember();
    await book.close();
    expect((await readNameMap(file())).names.size).toBe(0);
    nowMs = Date.now() + 5_000;
    (await hear(book, 'pc-1', 'pc-2')).remember();
    await book.close();
    expect((await readNameMap(file())).names.size).toBe(2);
  });

  it('writes what it heard of others before one name was deleted, and not that one', async () => {
    const [book, other] = [open(), open()];
    const late = await hear(other, 'pc-1', 'pc-2');
    (await hear(book, 'pc-1')).remember();
    await book.close();
    await forgetNames(file(), [...(await readNameMap(file())).names.keys()][0] ?? '');
    late.remember();
    await other.close();
    expect([...(await readNameMap(file())).names.values()]).toEqual(['pc-2']);
    nowMs = Date.now() + 5_000;
    (await hear(other, 'pc-1')).remember();
    await other.close();
    expect([...(await readNameMap(file())).names.values()]).toEqual(['pc-2', 'pc-1']);
  });
});
