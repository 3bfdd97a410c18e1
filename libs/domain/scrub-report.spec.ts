import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptReport } from './attempt-event.js';
import { attemptEventSchema } from './attempt-event.js';
import { buildEvent } from './build-event.js';
import { objectFamily } from './signature/object-family.js';
import { createPseudonyms } from './pseudonym.js';
import { scrubObjectText } from './scrub.js';

const arrival = {
  bank: 'alpha',
  pseudonyms: createPseudonyms(Buffer.alloc(32, 1), false),
  receivedAt: '2024-09-10T07:00:00.000Z',
  honourReceivedAt: false,
  collector: { id: 'c-1', version: '0.1.0' },
};
const plain: AttemptReport = {
  deviceName: 'Branch-17.corp.example',
  targetKb: 'KB5041578',
  outcome: 'failed',
  occurredAt: '2024-09-10T06:15:00.000Z',
};
const eventOf = (fields: Partial<AttemptReport>, extra?: Readonly<Record<string, unknown>>) =>
  JSON.parse(JSON.stringify(buildEvent({ ...plain, ...fields }, extra, arrival))) as {
    eventId: string;
    excerpt: readonly string[];
    failingObject: object;
    extra: object;
  };

describe('free texts of a report', () => {
  it('lose names of people, hosts and the device itself', () => {
    const event = eventOf(
      {
        excerpt: ['BRANCH-17: C:\\Users\\zhang.wei\\a denied', 'S-1-5-21-1-2-3-4 via branch-17.corp.example'],
        failingObject: {
          type: 'file',
          name: 'zhang.wei-branch-17.dat',
          path: 'C:\\Users\\zhang.wei\\zhang.wei-branch-17.dat',
        },
      },
      { message: 'on Branch-17', more: [{ text: 'zhang@corp.example' }], count: 3 },
    );
    expect(attemptEventSchema.safeParse(event).error).toBeUndefined();
    expect(event.excerpt).toEqual(['<host>: C:\\Users\\<user>\\a denied', '<sid> via <host>']);
    expect(event.failingObject).toEqual({
      type: 'file',
      name: '<user>-<host>.dat',
      path: 'C:\\Users\\<user>\\<user>-<host>.dat',
    });
    expect(event.extra).toEqual({ message: 'on <host>', more: [{ text: '<mail>' }], count: 3 });
  });

  it('do not change the id by their excerpt; copies that were scrubbed before have the id of those that were not', () => {
    expect(eventOf({ excerpt: ['C:\\Users\\zhang\\a'] }).eventId).toBe(eventOf({}).eventId);
    const raw = { type: 'file', name: 'a.dll', path: 'C:\\Users\\zhang\\a.dll' } as const;
    const scrubbed = { ...raw, path: 'C:\\Users\\<user>\\a.dll' };
    expect(eventOf({ failingObject: raw }).eventId).toBe(eventOf({ failingObject: scrubbed }).eventId);
  });

  it('drop the last lines of an excerpt beyond 4 KB', () => {
    const lines = Array.from({ length: 200 }, (_, n) => `${n} ${'累'.repeat(30)}`);
    const { excerpt } = eventOf({ excerpt: lines });
    expect(excerpt).toEqual(lines.slice(0, excerpt.length));
    expect(Buffer.byteLength(excerpt.join(''))).toBeLessThanOrEqual(4096);
    expect(Buffer.byteLength(lines.slice(0, excerpt.length + 1).join(''))).toBeGreaterThan(4096);
  });

  it('keep the start of a first line that is too long by itself', () => {
    const { excerpt } = eventOf({ excerpt: [`a${'累'.repeat(3000)}`, 'next'] });
    expect(excerpt).toEqual([`a${'累'.repeat(1365)}`]);
  });

  it('stay within 4 KB and free of the name, whatever they hold', () => {
    const line = fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom(' BRANCH-17 ', 'C:\\Users\\zhang\\', 'x'.repeat(900)),
      ),
    );
    fc.assert(
      fc.property(fc.array(line.map((pieces) => pieces.join(' '))), (excerpt) => {
        const kept = eventOf({ excerpt }).excerpt;
        expect(Buffer.byteLength(kept.join(''))).toBeLessThanOrEqual(4096);
        expect(kept.length).toBeLessThanOrEqual(excerpt.length);
        expect(kept.join('\n')).not.toMatch(/(?<![\p{L}\p{N}])branch-17(?![\p{L}\p{N}])/iu);
      }),
    );
  });

  it('leave the family of a failing object as it was', () => {
    for (const name of [
      'C:\\Users\\zhang',
      'C:\\Users\\zhang\\NTUSER.DAT',
      '\\\\branch-17\\c$',
      '\\\\branch-17\\share\\setup.exe',
      'Update Task-S-1-5-21-111-222-333-1001',
      'WIN-AB12CD3',
      'amd64_microsoft-windows-directshow_31bf3856ad364e35_10.0.17763.1_none_0c3dc90fca6fc640\\amstream.dll',
    ]) {
      const type = name.includes('Task') ? 'task' : 'file';
      expect(objectFamily({ type, name: scrubObjectText(name) })).toBe(objectFamily({ type, name }));
    }
  });
});
