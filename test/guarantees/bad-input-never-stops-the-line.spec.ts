import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import type { LogRecord, Position } from '#event-log/event-log.js';
import { partitionOfKey } from '#event-log/partition-of-key.js';
import { eventually } from '../harness/eventually.js';
import { HOSTILE_BODIES } from '../harness/hostile-bodies.js';
import type { Role } from '../harness/installation-processes.js';
import { LedgerSender } from '../harness/ledger-sender.js';
import { recordsOf } from '../harness/logged-reports.js';
import { RollcallUp } from '../harness/rollcall-up.js';
import type { ShownAttempt } from '../harness/sender-ledger.js';

const FLOOD = 1_200;

const partitionOf = (deviceKey: string): number => partitionOfKey(`bank-a/${deviceKey}`, 12);
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** G4: garbage of every kind gets a clear error or a dead letter; everything else goes on. */
describe('bad input never stops the line', () => {
  let rollcall: RollcallUp;
  let token: string;
  /** Sends good reports before, between and after. */
  let sender: LedgerSender;
  let processes: Readonly<Record<Role, number | null>>;

  beforeAll(async () => {
    rollcall = await RollcallUp.start();
    token = await addSender('bank-a');
    await addSender('bank-b');
    processes = rollcall.children();
    const post = (rows: readonly unknown[], key: string) =>
      rollcall.post(rows, token, { 'idempotency-key': key });
    sender = new LedgerSender({ seed: 7, pauseMs: 400, post });
    sender.start(1);
  }, 300_000);

  /** Adds a bank and waits until the engine has its reader: for that it starts again, once. */
  async function addSender(bank: string): Promise<string> {
    const { engine: before } = rollcall.children();
    const added = await rollcall.addSender(bank);
    await eventually(`the engine with a reader for ${bank}`, () => {
      const { engine } = rollcall.children();
      return engine === before ? null : engine;
    });
    return added;
  }

  afterAll(async () => {
    sender.giveUp();
    await rollcall.dispose();
  }, 120_000);

  const goodReport = (number: number, fields: object = {}) => ({
    deviceKey: `d-good-${number}`,
    source: 'servicing',
    sourceEventId: `good-${number}`,
    targetKb: 'KB5041578',
    outcome: 'failed',
    hresult: '0x80071ab1',
    occurredAt: '2024-09-10T06:15:00.000Z',
    ...fields,
  });

  /** Appends to the log behind the collector's back; answers where the messages stand. */
  const inject = (deviceKey: string, values: readonly Buffer[]): Promise<readonly Position[]> =>
    rollcall.withLog((log) =>
      log.append(
        'patch.attempts',
        values.map((value) => ({ key: `bank-a/${deviceKey}`, value })),
      ),
    );

  const deadLetterOf = async ({ partition, offset }: Position): Promise<LogRecord | null> => {
    const letters = (await rollcall.withLog((log) => recordsOf(log, 'patch.dead-letters'))).flat();
    const isOf = ({ headers }: LogRecord) =>
      headers['topic'] === 'patch.attempts' &&
      headers['partition'] === String(partition) &&
      headers['offset'] === String(offset);
    return letters.find(isOf) ?? null;
  };

  it('answers every hostile request with an error that says why', async () => {
    for (const { what, body, headers, status, code } of HOSTILE_BODIES) {
      const answer = await rollcall.post(body, token, headers);
      const { rejected } = answer.body as { readonly rejected?: readonly { readonly code: string }[] };
      const told =
        rejected === undefined ? [(answer.body as { code: string }).code] : rejected.map((row) => row.code);
      expect({ what, status: answer.status }).toEqual({ what, status });
      expect({ what, told }).toEqual({ what, told: expect.arrayContaining([code]) as unknown });
      const next = await rollcall.post([goodReport(0)], token);
      expect({ after: what, status: next.status }).toEqual({ after: what, status: 202 });
    }
  }, 300_000);

  it('refuses tokens that are expired, unknown or missing', async () => {
    const expired = `rc_${randomBytes(32).toString('base64url')}`;
    await rollcall.withLog((log) =>
      appendAdminEvent(log, {
        type: 'TokenCreated',
        at: '2024-01-01T00:00:00.000Z',
        tokenId: 't-expired',
        sha256: createHash('sha256').update(expired).digest('hex'),
        bank: 'bank-a',
        scopes: ['collect'],
        expiresAt: '2024-02-01T00:00:00.000Z',
      }),
    );
    for (const bearer of [expired, 'rc_nobody', ''])
      expect((await rollcall.post([goodReport(0)], bearer)).status).toBe(401);
  });

  it('takes the good rows of a mixed batch, keeps what it does not know, and believes no impossible date', async () => {
    const rows = [
      goodReport(1),
      { nonsense: true },
      goodReport(2, { occurredAt: '1601-01-01T00:00:00.000Z' }),
      goodReport(3, { occurredAt: '9999-12-31T23:59:59.000Z' }),
      goodReport(4, {
        inventedField: { of: 'tomorrow' },
        stage: 'a stage of tomorrow',
        outcome: 'an outcome of tomorrow',
      }),
      goodReport(5, { hresult: 'not a code' }),
    ];
    const { status, body } = await rollcall.post(rows, token);
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: 4, rejected: [{ index: 1 }, { index: 5, path: 'hresult' }] });
    await rollcall.drained();
    for (const number of [1, 2, 3, 4]) {
      const shown = (await rollcall.list(
        `attempts?bank=bank-a&deviceKey=d-good-${number}`,
      )) as readonly ShownAttempt[];
      expect({ number, reports: shown.map(({ reports }) => reports.length) }).toEqual({
        number,
        reports: [1],
      });
    }
  }, 300_000);

  it('sends what it cannot read in the log to the dead letters, with position and reason', async () => {
    const good = json({
      eventType: 'patch.update_attempt',
      schemaVersion: 1,
      bank: 'bank-a',
      deviceKey: 'd-odd',
    });
    const inventory = {
      eventType: 'patch.device_inventory',
      eventId: '0'.repeat(32),
      schemaVersion: 1,
      bank: 'bank-a',
      deviceKey: 'd-odd',
      receivedAt: '2024-09-10T06:15:00.000Z',
      collector: { id: 'test', version: '1' },
      takenAt: '2024-09-10T06:15:00.000Z',
    };
    const unreadable: readonly (readonly [Buffer, string])[] = [
      [Buffer.from([0xff, 0xfe, 0x00, 0x80]), 'not_utf8'],
      [Buffer.alloc(0), 'not_json'],
      [good.subarray(0, 20), 'not_json'],
      [json([1, 2, 3]), 'not_an_object'],
      [json({ eventType: 'patch.telepathy', schemaVersion: 1 }), 'unknown_event_type'],
      [json({ eventType: 'patch.update_attempt', schemaVersion: 99 }), 'unknown_version'],
      [good, 'invalid_field'],
      [json({ ...inventory, eventId: 7 }), 'invalid_field'],
    ];
    const positions = await inject('d-odd', [...unreadable.map(([value]) => value), json(inventory)]);
    await rollcall.drained();
    for (const [index, [value, reason]] of unreadable.entries()) {
      const letter = await eventually(`a dead letter for ${reason}`, () =>
        deadLetterOf(positions[index] as Position),
      );
      expect(letter.headers).toMatchObject({
        reason,
        sha256: createHash('sha256').update(value).digest('hex'),
      });
      expect(letter.value.equals(value)).toBe(true);
    }
    // A whole inventory in the wrong topic is read for what it is: no dead letter, and no attempt.
    expect(await deadLetterOf(positions[unreadable.length] as Position)).toBeNull();
    expect(await rollcall.list('attempts?bank=bank-a&deviceKey=d-odd')).toEqual([]);
  }, 300_000);

  it('goes on when there is garbage among the messages about tokens and alerts', async () => {
    await rollcall.withLog(async (log) => {
      for (const topic of ['patch.admin', 'patch.alerts'] as const)
        await log.append(
          topic,
          [Buffer.from([0xff, 0x00]), json({ type: 'TokenCreated' }), json(null)].map((value) => ({
            key: topic,
            value,
          })),
        );
    });
    const later = await addSender('bank-c');
    const { engine } = rollcall.children();
    processes = { ...processes, engine };
    expect((await rollcall.post([goodReport(6)], later)).status).toBe(202);
  }, 120_000);

  it(`pauses only the partition that a flood of ${FLOOD} unreadable messages comes from, and says which`, async () => {
    const flooded = partitionOf('d-flood');
    const said = rollcall.lines.length;
    await inject(
      'd-flood',
      Array.from({ length: FLOOD }, (_, index) => Buffer.from(`flood ${index}`)),
    );
    const told = await eventually(
      'the line that names the partition',
      () =>
        rollcall.lines.slice(said).find((line) => line.includes(`patch.attempts/${flooded} is paused`)) ??
        null,
    );
    expect(told).toContain('ERROR');

    // What comes now to the other partitions is counted as ever.
    const { ledger } = sender;
    const before = ledger.events;
    await eventually('more good reports', () => ledger.events > before + 500 || null);
    await sender.finish();
    await rollcall.drained([flooded]);
    const isElsewhere = ({ deviceKey }: { readonly deviceKey: string }) => partitionOf(deviceKey) !== flooded;
    const shown = (await rollcall.list('attempts?bank=bank-a')) as readonly ShownAttempt[];
    const streamed = shown.filter(({ deviceKey }) => deviceKey.startsWith('d-7-'));
    expect(ledger.only(isElsewhere).compare(streamed.filter(isElsewhere))).toEqual({ lost: 0, doubled: 0 });
  }, 600_000);

  it('all processes are the ones they were', () => {
    expect(rollcall.children()).toEqual(processes);
  });

  it('after a restart the flooded partition is read on, and nothing good was lost', async () => {
    await rollcall.kill('projector');
    await rollcall.drained();
    const shown = (await rollcall.list('attempts?bank=bank-a')) as readonly ShownAttempt[];
    const streamed = shown.filter(({ deviceKey }) => deviceKey.startsWith('d-7-'));
    expect(sender.ledger.compare(streamed)).toEqual({ lost: 0, doubled: 0 });
    const letters = (await rollcall.withLog((log) => recordsOf(log, 'patch.dead-letters'))).flat();
    expect(
      letters.filter(({ value }) => value.toString('utf8').startsWith('flood ')).length,
    ).toBeGreaterThanOrEqual(FLOOD);
  }, 600_000);
});
