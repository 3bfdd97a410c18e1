import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/eventually.js';
import { RollcallUp } from '../harness/rollcall-up.js';

const report = {
  source: 'servicing',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
  hresult: '0x800f0922',
  osBuild: '19045.4780',
};

/** Contract §1: names never enter the event log; a bank's name map is the one place that has them. */
describe('names stay local', () => {
  let rollcall: RollcallUp;
  beforeAll(async () => {
    rollcall = await RollcallUp.start();
  });
  afterAll(() => rollcall.dispose());

  const cli = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await rollcall.cli(args);
    return { code, stdout, stderr };
  };

  it('one file holds the names: not the log, not the store, not the logs of the processes', async () => {
    expect((await cli('bank', 'add', 'bank-a', '--name-map')).code).toBe(0);
    const token = await rollcall.addSender('bank-a');
    const rows = Array.from({ length: 20 }, (_, n) => ({
      ...report,
      deviceName: `NAMED-${n}.corp.example`,
      excerpt: [`named-${n} could not install`, 'marker-of-this-test'],
      failingObject: { type: 'file', name: `NAMED-${n}.log`, path: `C:\\Logs\\named-${n}.log` },
      comment: `seen on Named-${n}`,
    }));
    const { status } = await rollcall.post([...rows, { ...rows[0], targetKb: 7 }], token);
    expect(status).toBe(202);
    await rollcall.drained();

    const names = await eventually('all names', async () => {
      const { stdout } = await cli('bank', 'names', 'bank-a', '--json');
      const lines = stdout.split('\n').filter(Boolean);
      return lines.length === 20
        ? lines.map((line) => JSON.parse(line) as { deviceKey: string; name: string })
        : null;
    });
    const [first] = names;
    const device = await cli('device', first?.deviceKey ?? '', '--names', '--json');
    expect(device).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(device.stdout)).toMatchObject({ deviceKey: first?.deviceKey, name: first?.name });

    // Deleted while it runs, then stopped: everything is on disk.
    expect((await cli('bank', 'forget', 'bank-a', first?.deviceKey ?? '')).code).toBe(0);
    await rollcall.stop();
    const found = await filesWith(/named-\d/i);
    expect(found.filter((path) => !path.startsWith('rejects'))).toEqual([join('names', 'bank-a.ndjson')]);
    expect(await readFile(join(rollcall.data, 'names', 'bank-a.ndjson'), 'utf8')).not.toContain(
      `"${first?.name ?? ''}"`,
    );
    expect(rollcall.lines.join('\n')).not.toMatch(/named-\d/i);
    // What a search for bytes can see: the log writes texts as they are.
    expect((await filesWith(/marker-of-this-test/)).some((path) => path.startsWith('log'))).toBe(true);
  });

  /** Files under the data directory that hold the pattern, byte for byte. */
  async function filesWith(pattern: RegExp): Promise<readonly string[]> {
    const entries = await readdir(rollcall.data, { recursive: true, withFileTypes: true });
    const found: string[] = [];
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      if (pattern.test(await readFile(path, 'latin1'))) found.push(path.slice(rollcall.data.length + 1));
    }
    return found;
  }
});
