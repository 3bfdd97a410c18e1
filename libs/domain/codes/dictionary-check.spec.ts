import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { explainSpelling } from './explain-code.js';
import required from './required-codes.json' with { type: 'json' };

const here = fileURLToPath(new URL('.', import.meta.url));
const script = fileURLToPath(new URL('../../../scripts/dictionary-check.mjs', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-dictionary-'));
  cpSync(here, folder, { recursive: true, filter: (path) => !path.endsWith('.ts') });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

type Json = Record<string, Record<string, Record<string, unknown>>>;

function check(file?: string, spoil?: (content: Json) => void) {
  if (file !== undefined && spoil) {
    const content = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Json;
    spoil(content);
    writeFileSync(join(folder, file), JSON.stringify(content));
  }
  const { status, stderr } = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
  return { status, problems: stderr.split('\n').filter(Boolean) };
}

const abort = (content: Json) => content['hresult']?.['0x800f0821'] ?? {};

describe('npm run dictionary:check', () => {
  it('finds nothing missing', () => {
    expect(check()).toEqual({ status: 0, problems: [] });
  });

  it.each<[string, (content: Json) => void, RegExp]>([
    ['no Chinese', (content) => delete abort(content)['zh'], /0x800f0821: zh is missing/],
    ['no English', (content) => (abort(content)['en'] = ''), /0x800f0821: en is missing/],
    ['English for Chinese', (content) => (abort(content)['zh'] = abort(content)['en']), /zh is no sentence/],
    ['no owner', (content) => delete abort(content)['owner'], /0x800f0821: owner undefined/],
    ['no page', (content) => (abort(content)['page'] = 'elsewhere'), /page elsewhere is not in/],
    ['a required code gone', (content) => delete content['hresult']?.['0x800f0821'], /required 0x800f0821/],
  ])('fails on %s', (_what, spoil, problem) => {
    const { status, problems } = check('meanings/servicing.json', spoil);
    expect(status).toBe(1);
    expect(problems.join('\n')).toMatch(problem);
  });

  it('fails on a code without a name or a source', () => {
    const unnamed = check(
      'code-symbols.json',
      (content) => delete content['hresult']?.['cbs']?.['0x800f0821'],
    );
    expect(unnamed).toMatchObject({
      status: 1,
      problems: ['servicing.json hresult 0x800f0821: has no symbol'],
    });
    const unsourced = check('code-symbols.json', (content) => delete content['sources']?.['cbs']);
    expect(unsourced.problems).toContain('hresult: source cbs is not described');
  });

  it('fails on an address that is not the maker’s', () => {
    const { problems } = check('documentation-pages.json', (content) =>
      Object.assign(content, { '0x80070002': 'x' }),
    );
    expect(problems).toEqual(['documentation-pages.json 0x80070002: not a page of the maker']);
  });

  it('knows which codes of the logs have no published name', () => {
    for (const code of required.nameless)
      expect(explainSpelling(code, 'hresult')).toMatchObject({ status: 'unknown' });
  });
});
