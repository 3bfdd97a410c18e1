import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { PatchEvent } from '#domain/attempt-event.js';
import { deviceMessageKey } from '#domain/topics.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import { openPipeline } from '../../../test/harness/pipeline.js';
import type { Pipeline } from '../../../test/harness/pipeline.js';
import { sampleAttempt } from '../../../test/harness/sample-events.js';

interface Letter {
  readonly id: string;
  readonly reason: string;
  readonly origin: { topic: string; partition: number; offset: number } | null;
  readonly copies: number;
  readonly handled: { action: string; reason: string | null } | null;
  readonly value?: string;
  readonly valueBase64?: string;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const keyOf = ({ bank, deviceKey }: PatchEvent): string => deviceMessageKey(bank, deviceKey);

describe('rollcall dead-letters', () => {
  let pipeline: Pipeline;
  let cases = 0;
  /** Each test speaks of messages of its own. */
  let name: string;

  beforeAll(async () => {
    pipeline = await openPipeline();
    await pipeline.reset('blue');
  });
  afterAll(async () => {
    await pipeline.dispose();
  });
  beforeEach(() => {
    name = `letter-${(cases += 1)}`;
  });

  const letters = async (command: string, ...args: string[]) =>
    rollcallHere('dead-letters', command, ...args, '--log', `lmdb:${pipeline.logDirectory}`);

  /** What the projector makes of a message that it cannot read: a letter of the list. */
  async function letterOf(value: Buffer): Promise<Letter> {
    const [position] = await pipeline.log.append('patch.attempts', [{ key: `bank-a/${name}`, value }]);
    await pipeline.project('blue', 100);
    const found = (await open()).find(
      ({ origin }) => origin?.partition === position?.partition && origin?.offset === position?.offset,
    );
    if (!found) throw new Error('the projector wrote no letter');
    return found;
  }

  const open = async (): Promise<Letter[]> => (await letters('list', '--json')).items<Letter>();
  const all = async (): Promise<Letter[]> => (await letters('list', '--json', '--handled')).items<Letter>();
  const isOpen = async ({ id }: Letter): Promise<boolean> => (await open()).some((one) => one.id === id);

  /** A letter as a projector that did not know version 1 yet wrote it. */
  async function letterOfOldReader(event: PatchEvent): Promise<void> {
    const headers = { reason: 'unknown_version', topic: 'patch.attempts', partition: '3', offset: '77' };
    await pipeline.log.append('patch.dead-letters', [{ key: keyOf(event), value: json(event), headers }]);
  }

  it('lists what the projector could not read, with position, reason and hash', async () => {
    const letter = await letterOf(Buffer.from(`{"${name}`));
    expect(letter).toMatchObject({ reason: 'not_json', origin: { topic: 'patch.attempts' }, handled: null });
    const table = await letters('list');
    expect(table.code).toBe(0);
    expect(table.out).toContain(letter.id);
    const ofReason = await letters('list', '--json', '--reason', 'unknown_version');
    expect(ofReason.items<Letter>().map(({ id }) => id)).not.toContain(letter.id);
  });

  it('shows the whole message, and bytes that are no text as base64', async () => {
    const text = await letterOf(Buffer.from(`{"${name} 设备`));
    const shown = await letters('show', text.id, '--json');
    expect(shown.items<Letter>()[0]).toMatchObject({ id: text.id, value: `{"${name} 设备` });
    expect((await letters('show', text.id)).out).toContain(`{"${name} 设备`);
    const hostile = await letterOf(Buffer.from(`{"${name}\u001b[31m\r\u0007`));
    expect((await letters('show', hostile.id)).out).toContain(`{"${name}\\x1b[31m\\x0d\\x07`);
    const bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(name)]);
    const binary = await letterOf(bytes);
    const [read] = (await letters('show', binary.id, '--json')).items<Letter>();
    expect(read).toMatchObject({ reason: 'not_utf8', valueBase64: bytes.toString('base64') });
  });

  it('does not retry what the reader still cannot read', async () => {
    const letter = await letterOf(Buffer.from(`{"${name}`));
    const { code, out } = await letters('retry', letter.id);
    expect(code).toBe(2);
    expect(out).toContain('still_unreadable: not_json');
    expect(await isOpen(letter)).toBe(true);
  });

  it('retries what the reader can read now: it is projected, counted once, and the letter is closed', async () => {
    const event = sampleAttempt(name);
    await letterOfOldReader(event);
    const [letter] = (await open()).filter(({ reason }) => reason === 'unknown_version');
    if (!letter) throw new Error('no letter');
    const { code, out } = await letters('retry', letter.id, '--json');
    expect([code, JSON.parse(out)]).toEqual([0, { id: letter.id, result: 'retried', detail: null }]);
    // Whoever runs it twice, or after a crash, counts nothing twice.
    expect((await letters('retry', letter.id)).code).toBe(0);
    await pipeline.project('blue', 100);
    const { items } = await pipeline.store.attempts({ bank: 'bank-a' }, { limit: 100 });
    expect(items.filter(({ deviceKey }) => deviceKey === event.deviceKey)).toHaveLength(1);
    expect(await isOpen(letter)).toBe(false);
    expect((await letters('drop', letter.id, '--because', 'x')).code).toBe(2);
    expect((await all()).find(({ id }) => id === letter.id)?.handled).toMatchObject({ action: 'retried' });
  });

  it('drops letters with a reason that is shown later, without deleting anything', async () => {
    const letter = await letterOf(Buffer.from(`{"${name}`));
    expect((await letters('drop', letter.id, '--because', 'test of the pilot')).code).toBe(0);
    expect(await isOpen(letter)).toBe(false);
    const { out } = await letters('show', letter.id);
    expect(out).toMatch(/handled\s+dropped .*test of the pilot/);
    expect(out).toContain(name);
    expect((await letters('drop', letter.id)).code).toBe(64);
    expect((await letters('drop', letter.id, '--because', ' ')).code).toBe(64);
  });

  it('counts a letter that a replay writes again as the same letter', async () => {
    const letter = await letterOf(Buffer.from(`{"${name}`));
    await letters('drop', letter.id, '--because', 'known');
    await pipeline.replay('blue', 100);
    const again = (await all()).filter(({ id }) => id === letter.id);
    expect(again.map(({ copies }) => copies)).toEqual([letter.copies + 1]);
    expect(await isOpen(letter)).toBe(false);
  });

  it('drops every open letter of a reason', async () => {
    const broken = await letterOf(Buffer.from(`{"${name}`));
    const list = await letterOf(Buffer.from('[1]'));
    await letters('drop', '--all', '--reason', 'not_an_object', '--because', 'x');
    expect([await isOpen(broken), await isOpen(list)]).toEqual([true, false]);
  });

  it('says that a refused request is retried by its sender', async () => {
    await pipeline.log.append('patch.dead-letters', [
      { key: 'bank-a', value: json({ kind: 'rejected_request', name }), headers: { reason: 'not_json' } },
    ]);
    const letter = (await open()).find(({ origin }) => origin === null);
    const { code, out } = await letters('retry', letter?.id ?? '');
    expect([code, out]).toEqual([2, expect.stringContaining('the sender sends them anew')]);
  });

  it.each([
    [['show', 'aaaaaaaaaaaaaaaa'], 3],
    [['retry', 'aaaaaaaaaaaaaaaa'], 3],
    [['drop', 'aaaaaaaaaaaaaaaa', '--because', 'x'], 3],
    [['retry'], 64],
    [['retry', 'a', '--all'], 64],
  ])('%j ends with %i', async ([command = '', ...args], code) => {
    expect((await letters(command, ...args)).code).toBe(code);
  });

  it('says what a place of a log looks like', async () => {
    const { code, err } = await rollcallHere('dead-letters', 'list', '--log', 'file:x');
    expect([code, err]).toEqual([64, expect.stringContaining('lmdb:<directory>')]);
  });
});
