// `npm run dictionary:check`: the dictionary of error codes has no missing part. Exit code 1 and one line a problem.
// Another folder than libs/domain/codes can be named (the spec breaks a copy of it, to see that the check notices).
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2] ?? fileURLToPath(new URL('../libs/domain/codes', import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

const NAMED_AT_LEAST = 7_465;
const EXPLAINED_AT_LEAST = 350;
const KINDS = ['hresult', 'win32', 'ntstatus'];
const OWNERS = ['bank_it', 'branch_user', 'os_vendor', 'hardware', 'third_party'];
const LENGTHS = { en: [15, 360], zh: [5, 180] };
const SENTENCE = { en: /^[A-Z"0].*[.]$/, zh: /^.*[\u4e00-\u9fff].*。$/ };
const KEY = { hresult: /^0x[0-9a-f]{8}$/, win32: /^\d{1,5}$/, ntstatus: /^0x[0-9a-f]{8}$/ };
const FACILITY_NT_BIT = 0x10000000;

const problems = [];
const expect = (holds, problem) => {
  if (!holds) problems.push(problem);
};

const symbols = read('code-symbols.json');
const pages = read('documentation-pages.json');
const names = { hresult: new Map(), win32: new Map(), ntstatus: new Map() };
for (const kind of KINDS)
  for (const [source, codes] of Object.entries(symbols[kind])) {
    expect(symbols.sources[source], `${kind}: source ${source} is not described`);
    for (const [code, name] of Object.entries(codes)) {
      expect(KEY[kind].test(code), `${kind} ${code}: not a canonical spelling`);
      expect(/^[A-Za-z][A-Za-z0-9_]+$/.test(name), `${kind} ${code}: no symbol`);
      expect(!names[kind].has(code), `${kind} ${code}: named twice`);
      names[kind].set(code, name);
    }
  }
const named = KINDS.reduce((sum, kind) => sum + names[kind].size, 0);
expect(named >= NAMED_AT_LEAST, `${named} codes have a symbol, fewer than ${NAMED_AT_LEAST}`);

const explained = { hresult: new Set(), win32: new Set(), ntstatus: new Set() };
const usedPages = new Set();
for (const file of readdirSync(join(folder, 'meanings')))
  for (const [kind, codes] of Object.entries(read(join('meanings', file))))
    for (const [code, { owner, page, basis, ...texts }] of Object.entries(codes)) {
      const where = `${file} ${kind} ${code}`;
      expect(!explained[kind].has(code), `${where}: explained twice`);
      explained[kind].add(code);
      usedPages.add(page);
      expect(names[kind].has(code), `${where}: has no symbol`);
      expect(OWNERS.includes(owner), `${where}: owner ${owner} is none of ${OWNERS.join(', ')}`);
      expect(pages[page], `${where}: page ${page} is not in documentation-pages.json`);
      expect(basis === undefined || basis === 'name', `${where}: basis ${basis} is not known`);
      for (const language of ['en', 'zh']) {
        const text = texts[language] ?? '';
        const [least, most] = LENGTHS[language];
        expect(
          text.length >= least && text.length <= most,
          `${where}: ${language} is missing, too short or too long`,
        );
        expect(SENTENCE[language].test(text), `${where}: ${language} is no sentence of its language`);
      }
    }
const sentences = KINDS.reduce((sum, kind) => sum + explained[kind].size, 0);
expect(sentences >= EXPLAINED_AT_LEAST, `${sentences} codes are explained, fewer than ${EXPLAINED_AT_LEAST}`);

for (const [page, url] of Object.entries(pages)) {
  expect(usedPages.has(page), `documentation-pages.json ${page}: no code uses it`);
  expect(
    /^https:\/\/learn\.microsoft\.com\/en-us\/\S+$/.test(url),
    `documentation-pages.json ${page}: not a page of the maker`,
  );
}

const isExplained = (code) => {
  const value = Number(code);
  const unwrapped = `0x${((value & ~FACILITY_NT_BIT) >>> 0).toString(16).padStart(8, '0')}`;
  return (
    explained.hresult.has(code) ||
    explained.ntstatus.has(code) ||
    explained.ntstatus.has(unwrapped) ||
    (value >>> 16 === 0x8007 && explained.win32.has(String(value & 0xffff)))
  );
};
const required = read('required-codes.json');
for (const code of required.explained) expect(isExplained(code), `required ${code}: not explained`);

for (const [kind, facilities] of Object.entries(read('facilities.json')))
  for (const [number, texts] of Object.entries(facilities))
    expect(texts.length === 3 && texts.every(Boolean), `facility ${number} of ${kind}: a part is missing`);

for (const problem of problems) console.error(problem);
console.log(
  problems.length === 0
    ? `dictionary: ${named} codes named, ${sentences} explained in zh and en`
    : `dictionary: ${problems.length} problems`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
