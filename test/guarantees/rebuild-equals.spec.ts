import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/eventually.js';
import { RollcallUp } from '../harness/rollcall-up.js';

const DEVICES = 60;
const hour = (hours: number): string => new Date(Date.UTC(2026, 8, 8, 2) + hours * 3_600_000).toISOString();

interface RebuildAnswer {
  readonly generation: string;
  readonly events: number;
  readonly equal?: boolean;
  readonly swapped?: boolean;
}

/** G7: views rebuilt from the log equal the live ones, cell by cell, and take over without a number moving. */
describe('rebuild equals', () => {
  let rollcall: RollcallUp;
  let token: string;
  let sent = 0;

  beforeAll(async () => {
    rollcall = await RollcallUp.start();
    token = await rollcall.addSender('bank-a');
  }, 300_000);
  afterAll(async () => {
    await rollcall.dispose();
  }, 120_000);

  const send = async (rows: readonly object[]): Promise<void> => {
    expect((await rollcall.post(rows, token)).status).toBe(202);
    sent += rows.length;
  };

  /** In the live filling, whichever that is. */
  const counted = async (): Promise<void> => {
    await eventually('everything sent to be counted', async () =>
      (await rollcall.status('bank-a')).reports === sent ? true : null,
    );
    await rollcall.drained();
  };

  /** Every device fails as event 20 tells it; for every third one a log tells the cause; every fourth succeeds in the end. */
  const story = (kb: string): object[][] => {
    const report = (device: number, name: string, facts: object) => ({
      deviceName: `PC-${device}`,
      sourceEventId: `${kb}-${device}-${name}`,
      targetKb: kb,
      osBuild: '17763.6054',
      ...facts,
    });
    const all = Array.from({ length: DEVICES }, (_, device) => device);
    return [
      all.map((device) =>
        report(device, 'event', {
          source: 'windows_update_client',
          outcome: 'failed',
          hresult: '0x80071ab1',
          occurredAt: hour(1),
        }),
      ),
      all
        .filter((device) => device % 3 === 0)
        .map((device) =>
          report(device, 'log', {
            source: 'cbs_log',
            outcome: 'rolled_back',
            hresult: '0x80071ab1',
            stage: 'poqexec',
            innerErrors: [{ code: '0x80070422', kind: 'win32' }],
            occurredAt: hour(1),
          }),
        ),
      all
        .filter((device) => device % 4 === 0)
        .map((device) =>
          report(device, 'success', {
            source: 'windows_update_client',
            outcome: 'succeeded',
            occurredAt: hour(30),
          }),
        ),
    ];
  };

  it('compares equal, swaps, and the numbers stay as they were', async () => {
    for (const rows of story('KB5041578')) {
      await send(rows);
      await counted();
    }
    const before = await rollcall.cohorts('bank-a');
    expect(before.map(({ everFailed }) => everFailed).reduce((sum, devices) => sum + devices, 0)).toBe(
      DEVICES,
    );

    const verify = await rollcall.cli(['rebuild', '--verify', '--json']);
    expect({ code: verify.code, ...(JSON.parse(verify.stdout) as RebuildAnswer) }).toMatchObject({
      code: 0,
      events: sent,
      equal: true,
      generation: 'green',
    });
    const swap = await rollcall.cli(['rebuild', '--json']);
    expect({ code: swap.code, ...(JSON.parse(swap.stdout) as RebuildAnswer) }).toMatchObject({
      code: 0,
      events: sent,
      swapped: true,
    });

    // The console may know of it some seconds later. A rebuild that follows at once must not empty what it still asks.
    const again = rollcall.cli(['rebuild', '--json']);
    const answers = new Set<string>();
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) answers.add(JSON.stringify(await rollcall.cohorts('bank-a')));
    })();
    const { code, stdout } = await again.finally(() => {
      over.abort();
    });
    await asking;
    expect({ code, ...(JSON.parse(stdout) as RebuildAnswer) }).toMatchObject({ code: 0, generation: 'blue' });
    expect([...answers]).toEqual([JSON.stringify(before)]);
    expect(await rollcall.cohorts('bank-a')).toEqual(before);
  }, 300_000);

  it('goes on in the new filling, and back again', async () => {
    for (const rows of story('KB5043050')) await send(rows);
    await counted();
    const before = await rollcall.cohorts('bank-a');
    const swap = await rollcall.cli(['rebuild', '--json']);
    expect(JSON.parse(swap.stdout)).toMatchObject({ generation: 'green', events: sent, swapped: true });
    expect(await rollcall.cohorts('bank-a')).toEqual(before);
    const verify = await rollcall.cli(['rebuild', '--verify', '--json']);
    expect(JSON.parse(verify.stdout)).toMatchObject({ generation: 'blue', equal: true });
  }, 300_000);
});
