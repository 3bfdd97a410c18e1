import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../harness/eventually.js';
import type { KafkaDisk, KafkaNetwork } from '../../harness/kafka-separation.js';
import { KafkaInstallation } from '../../harness/kafka-installation.js';
import { describeWithSeparateBroker } from '../../harness/kafka-specs.js';

/** How long ClickHouse and the network are away; `npm run soak` takes minutes. */
const AWAY_MS = Number(process.env['ROLLCALL_SOAK_AWAY_SECONDS'] ?? 15) * 1_000;
const HANGS_MS = 20_000;
const SEED = Number(process.env['ROLLCALL_SOAK_SEED'] ?? 20_240_912);
const DISK_BYTES = 96 * 1024 * 1024;
const APPEND_TIMEOUT_MS = 4_000;

jest.setTimeout(600_000 + 4 * AWAY_MS);

/** What is around the product goes away for a while and comes back: every acknowledged attempt is counted once. */
describeWithSeparateBroker('kafka: faults around the product', () => {
  let installation: KafkaInstallation;
  let network: KafkaNetwork;
  let disk: KafkaDisk;

  beforeAll(async () => {
    installation = await KafkaInstallation.start(
      SEED,
      { separate: { diskBytes: DISK_BYTES } },
      { ROLLCALL_KAFKA_APPEND_TIMEOUT_MS: String(APPEND_TIMEOUT_MS) },
    );
    const { cluster } = installation;
    if (!cluster.network || !cluster.disk) throw new Error('the broker is not separate');
    ({ network, disk } = cluster);
  });

  afterAll(() => installation.dispose());

  beforeEach(async () => {
    installation.sender.start();
    await untilMoreIsAccepted();
  });

  const accepted = (): number => installation.sender.ledger.accepted;
  const refused = (): number => installation.sender.troubles.get('503') ?? 0;

  async function untilMoreIsAccepted(): Promise<void> {
    const before = accepted();
    await eventually('a 202', () => accepted() > before || null);
  }

  /** Senders are told that nothing can be promised, and nothing is promised. */
  async function expectRefusals(): Promise<void> {
    const before = refused();
    await eventually('a 503', () => refused() > before || null);
    const then = accepted();
    await sleep(2 * APPEND_TIMEOUT_MS);
    expect(accepted()).toBe(then);
  }

  async function expectBalanced(what: string): Promise<void> {
    await untilMoreIsAccepted();
    await installation.sender.finish();
    const balance = await installation.balance();
    console.log(
      `kafka, ${what}: accepted=${balance.accepted} lost=${balance.lost} doubled=${balance.doubled}`,
    );
    expect(balance).toMatchObject({ lost: 0, doubled: 0 });
  }

  it(`ClickHouse away for ${AWAY_MS / 1_000} s: reports are taken all the while`, async () => {
    const endsAtMs = performance.now() + AWAY_MS;
    const before = accepted();
    // As often as it is started again.
    while (performance.now() < endsAtMs) {
      const { engine } = installation.rollcall.children();
      if (engine !== null) process.kill(engine, 'SIGKILL');
      await sleep(50);
    }
    expect(accepted()).toBeGreaterThan(before);
    await expectBalanced(`ClickHouse away for ${AWAY_MS / 1_000} s`);
  });

  it(`the network to the broker cut for ${AWAY_MS / 1_000} s: 503, and taken again when it is back`, async () => {
    network.cut();
    try {
      await sleep(AWAY_MS);
      await expectRefusals();
    } finally {
      network.mend();
    }
    await expectBalanced('network cut');
  });

  it(`a broker that hangs for ${HANGS_MS / 1_000} s`, async () => {
    installation.cluster.suspend(1);
    try {
      await sleep(HANGS_MS);
    } finally {
      installation.cluster.resume(1);
    }
    await expectBalanced('broker hung');
  });

  it('the disk of the broker full: it ends, 503; with space and a new start reports are taken again', async () => {
    const { cluster } = installation;
    disk.fill(64 * 1024);
    await eventually('the end of the broker', () => !cluster.runs(1) || null, 180_000);
    await expectRefusals();
    disk.free();
    await cluster.restart(1);
    await expectBalanced('disk of the broker full');
  });
});
