// `npm run kb:refresh -- FILE.csv|FILE.json [--source TEXT] [--output FILE]`: makes the KB catalogue from a table of releases.
// Columns (JSON: the same names, in a list or under `updates`): kb, build, revision (empty for servicing stacks), releaseDate,
// and optionally release (the Windows versions of the build), kind, expired, ltscOnly. Nothing is written when a row is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';

const KINDS = ['security-or-monthly', 'preview', 'out-of-band', 'hotpatch', 'servicing-stack'];
const catalogue = fileURLToPath(new URL('../libs/domain/kb/kb-builds.json', import.meta.url));

/** RFC 4180: quoted cells may hold commas, doubled quotes and line ends. */
function readCsv(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (end === '' && quoted === undefined && plain === '' && rows.at(-1).length === 0) break;
    rows.at(-1).push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  const [names = [], ...records] = rows.filter((cells) => cells.some((cell) => cell !== ''));
  return records.map((cells) =>
    Object.fromEntries(names.map((name, column) => [name.trim(), cells[column] ?? ''])),
  );
}

function readTable(text) {
  if (!/^\s*[[{]/.test(text)) return { records: readCsv(text) };
  const json = JSON.parse(text);
  return Array.isArray(json) ? { records: json } : { records: json.updates ?? [], day: json.sourceUpdated };
}

const isTrue = (cell) => /^true$/i.test(String(cell ?? ''));

function toRow(record, index) {
  const refuse = (what) => {
    throw new Error(`row ${index + 1}: ${what}: ${JSON.stringify(record)}`);
  };
  const { releaseDate } = record;
  // Titles are cut by machines: a colon may stay behind the number.
  const kb = String(record.kb ?? '').replace(/:$/, '');
  const [build, revision] = [record.build, record.revision].map((cell) => String(cell ?? ''));
  const kind = record.kind || KINDS[0];
  if (!/^KB\d{6,8}$/.test(kb)) refuse('kb is not KB and 6 to 8 digits');
  if (!/^\d{4,6}$/.test(build)) refuse('build is no number of 4 to 6 digits');
  if (!/^\d{0,6}$/.test(revision)) refuse('revision is no number');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(releaseDate) || Number.isNaN(Date.parse(releaseDate))) {
    refuse('releaseDate is no day (YYYY-MM-DD)');
  }
  if (!KINDS.includes(kind)) refuse(`kind is none of ${KINDS.join(', ')}`);
  const osBuild = revision === '' ? build : `${build}.${revision}`;
  const flags = [
    kind === KINDS[0] ? '' : kind,
    isTrue(record.expired) ? 'expired' : '',
    isTrue(record.ltscOnly) ? 'ltsc-only' : '',
  ];
  return [kb, osBuild, releaseDate, ...flags.filter((flag) => flag !== '')].join(' ');
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { source: { type: 'string' }, output: { type: 'string', default: catalogue } },
});
const [input] = positionals;
if (input === undefined || positionals.length > 1) {
  console.error('usage: npm run kb:refresh -- FILE.csv|FILE.json [--source TEXT] [--output FILE]');
  process.exit(64);
}
try {
  const { records, day } = readTable(readFileSync(input, 'utf8').replace(/^\ufeff/, ''));
  if (records.length === 0) throw new Error('no rows');
  const rows = records.map(toRow);
  const newest = records
    .map(({ releaseDate }) => releaseDate)
    .sort()
    .at(-1);
  const lines = Object.fromEntries(
    records.filter(({ release }) => release).map(({ build, release }) => [String(build), release]),
  );
  const before = JSON.parse(readFileSync(catalogue, 'utf8'));
  const made = {
    source: values.source ?? before.source,
    day: day?.slice(0, 10) ?? newest,
    columns: before.columns,
    lines,
    rows,
  };
  writeFileSync(values.output, `${JSON.stringify(made, null, 1)}\n`);
  console.error(
    `${rows.length} rows, ${new Set(rows.map((row) => row.split(' ')[0])).size} KBs, data of ${made.day}`,
  );
} catch (error) {
  console.error(`${input}: ${error.message}; nothing was written`);
  process.exit(1);
}
