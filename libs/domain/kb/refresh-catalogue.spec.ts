import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const script = fileURLToPath(new URL('../../../scripts/refresh-kb-catalogue.mjs', import.meta.url));
const committed = new URL('./kb-builds.json', import.meta.url);
const corpus = new URL('../../../../shared/corpus/catalog/', import.meta.url);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-kb-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the script on a table; answers what it wrote, or null. */
function refresh(name: string, text: string) {
  const [input, output] = [join(folder, name), join(folder, `${name}.out`)];
  writeFileSync(input, text);
  const { status, stderr } = spawnSync(process.execPath, [
    script,
    input,
    '--source',
    'ours',
    '--output',
    output,
  ]);
  const made = existsSync(output) ? (JSON.parse(readFileSync(output, 'utf8')) as unknown) : null;
  return { status, said: String(stderr), made };
}

const HEAD = 'kb,build,revision,releaseDate,release,kind,expired,ltscOnly,title';

describe('npm run kb:refresh', () => {
  it('makes the same catalogue from CSV and JSON', () => {
    const wanted = {
      source: 'ours',
      day: '2024-09-10',
      lines: { 17763: 'Windows 10 1809' },
      rows: [
        'KB5041578 17763.6189 2024-08-13 expired ltsc-only',
        'KB5005112 17763 2024-09-10 servicing-stack',
      ],
    };
    const csv = `\ufeff${HEAD}\r\nKB5041578,17763,6189,2024-08-13,Windows 10 1809,security-or-monthly,True,True,"August 13, 2024 ""B"""\r\nKB5005112:,17763,,2024-09-10,,servicing-stack,False,False,x\r\n`;
    expect(refresh('a.csv', csv)).toMatchObject({ status: 0, made: wanted });
    const json = JSON.stringify({
      updates: [
        {
          kb: 'KB5041578',
          build: '17763',
          revision: 6189,
          releaseDate: '2024-08-13',
          release: 'Windows 10 1809',
          expired: true,
          ltscOnly: true,
        },
        {
          kb: 'KB5005112',
          build: '17763',
          revision: null,
          releaseDate: '2024-09-10',
          kind: 'servicing-stack',
        },
      ],
    });
    expect(refresh('a.json', json)).toMatchObject({ status: 0, made: wanted });
  });

  it.each([
    ['KB12,17763,1,2024-08-13,,,,,', /row 1: kb/],
    ['KB5041578,x,1,2024-08-13,,,,,', /row 1: build/],
    ['KB5041578,17763,1,2024-13-13,,,,,', /row 1: releaseDate/],
    ['KB5041578,17763,1,2024-08-13,,surprise,,,', /row 1: kind/],
    ['', /no rows/],
  ])('writes nothing for a wrong row: %s', (row, reason) => {
    const { status, said, made } = refresh(`bad-${row.length}.csv`, `${HEAD}\n${row}\n`);
    expect({ status, made }).toEqual({ status: 1, made: null });
    expect(said).toMatch(reason);
  });

  const isHere = existsSync(corpus);
  if (!isHere) console.warn('corpus not present: the committed catalogue is not compared with its source');
  (isHere ? it : it.skip)('made the committed catalogue from its source', () => {
    const { made } = refresh('corpus.csv', readFileSync(new URL('kb-builds.csv', corpus), 'utf8'));
    const own = JSON.parse(readFileSync(committed, 'utf8')) as Record<string, unknown>;
    expect(made).toEqual({ ...own, source: 'ours' });
    expect(own['rows']).toHaveLength(1634);
  });
});
