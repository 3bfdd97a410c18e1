import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { eventually } from '../../../test/harness/eventually.js';
import { RollcallUp } from '../../../test/harness/rollcall-up.js';

interface Found {
  readonly check: string;
  readonly state: string;
  readonly detail: string;
}

let rollcall: RollcallUp;
beforeAll(async () => {
  rollcall = await RollcallUp.start();
});
afterAll(() => rollcall.dispose());

const running = () =>
  JSON.parse(readFileSync(join(rollcall.data, 'running.json'), 'utf8')) as {
    readonly pids: Readonly<Record<string, number>>;
  };
async function examine() {
  const { code, stdout } = await rollcall.cli(['doctor', '--json']);
  const lines = stdout.split('\n').filter(Boolean);
  return { code, found: lines.map((line) => JSON.parse(line) as Found) };
}

describe('an installation that runs', () => {
  it('gives banks that are added their readers in ClickHouse, with one restart of the engine', async () => {
    const before = await rollcall.child('engine');
    const { code, stderr } = await rollcall.cli(['bank', 'add', 'bank-live']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/in a few seconds .* bank_bank-live/);
    await rollcall.cli(['bank', 'add', 'bank-more']);
    for (const bank of ['bank-live', 'bank-more']) {
      const ask = () =>
        runClickHouse(rollcall.clickhouse(), `bank_${bank}`, 'SELECT count() FROM rollcall.freshness');
      expect(await eventually(`the reader of ${bank}`, ask)).toBe('0');
    }
    expect(await rollcall.child('engine')).not.toBe(before);
  });

  it('names every process in running.json, also when one was started again', async () => {
    const killed = await rollcall.kill('engine');
    await eventually('the new engine', () => {
      const { engine } = rollcall.children();
      return engine !== null && engine !== killed && running().pids['engine'] === engine ? true : null;
    });
    expect(running().pids).toEqual(rollcall.children());
  });

  it('is found well by the doctor, its watch too', async () => {
    const { code, found } = await eventually('a doctor that finds all well', async () => {
      const examined = await examine();
      return examined.code === 0 ? examined : null;
    });
    expect(code).toBe(0);
    expect(found).toContainEqual(
      expect.objectContaining({
        check: 'spike watch',
        state: 'ok',
        detail: expect.stringContaining('looks'),
      }),
    );
  });

  it('is found wrong when it was killed, and well again after a start', async () => {
    await rollcall.killAll();
    const { code, found } = await examine();
    expect(code).toBe(1);
    expect(found.filter(({ state }) => state === 'wrong')).toMatchObject([
      { check: 'rollcall', detail: expect.stringContaining('ended without being stopped') },
    ]);
    await rollcall.restart();
    expect((await rollcall.stop()).code).toBe(0);
    expect((await examine()).code).toBe(0);
  });
});
