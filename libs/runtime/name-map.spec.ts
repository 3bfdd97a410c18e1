import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { appendNames, forgetNames, nameMapFile, readEdition, readNameMap } from './name-map.js';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rollcall-names-'));
  file = nameMapFile(join(directory, 'names'), 'alpha');
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const add = (...keys: readonly string[]) =>
  appendNames(file, () => Promise.resolve(keys.map((deviceKey) => ({ deviceKey, name: `pc ${deviceKey}` }))));
const keysNow = async () => [...(await readNameMap(file)).names.keys()];

describe('name map', () => {
  it('is empty without a file, and holds what was appended, for its owner only', async () => {
    expect(await readNameMap(file)).toEqual({ edition: null, names: new Map(), forgotten: new Map() });
    await add('d-1');
    await add('d-2', 'd-3');
    expect((await readNameMap(file)).names.get('d-2')).toBe('pc d-2');
    expect(await keysNow()).toEqual(['d-1', 'd-2', 'd-3']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, 'names')).mode & 0o777).toBe(0o700);
    expect(() => nameMapFile(directory, '../keys')).toThrow(RangeError);
  });

  it('deletes one name or all from the bytes of the file, and becomes another edition', async () => {
    await add('d-1', 'd-2', 'd-3');
    const before = await readEdition(file);
    expect(await forgetNames(file, 'd-2')).toBe(1);
    expect(readFileSync(file, 'utf8')).not.toContain('pc d-2');
    expect(await keysNow()).toEqual(['d-1', 'd-3']);
    const after = await readEdition(file);
    expect(after?.edition).not.toBe(before?.edition);
    expect(after?.sinceMs).toBe(before?.sinceMs);
    expect((await readNameMap(file)).forgotten.get('d-2')).toBeGreaterThan(Date.now() - 60_000);
    expect(await forgetNames(file, 'd-2')).toBe(0);
    expect(await forgetNames(file, null)).toBe(2);
    expect(readFileSync(file, 'utf8')).not.toContain('deviceKey');
    expect((await readEdition(file))?.sinceMs).toBeGreaterThan(Date.now() - 60_000);
    expect(await keysNow()).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(directory, 'names'))).toEqual(['alpha.ndjson']);
  });

  it('passes over a line that a crash cut short, and goes on after it', async () => {
    await add('d-1');
    appendFileSync(file, '{"deviceKey":"d-2","na');
    expect(await keysNow()).toEqual(['d-1']);
    await add('d-3');
    expect(await keysNow()).toEqual(['d-1', 'd-3']);
  });

  it('lets a writer and a deleter work at once: nothing is lost, nothing deleted comes back', async () => {
    await add('d-gone');
    const writes = Array.from({ length: 20 }, (_, n) => add(`d-${n}`));
    const deleted = forgetNames(file, 'd-gone');
    await Promise.all([...writes, deleted]);
    expect(await deleted).toBe(1);
    expect((await keysNow()).sort()).toEqual(Array.from({ length: 20 }, (_, n) => `d-${n}`).sort());
  });
});
