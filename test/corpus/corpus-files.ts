import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import type { AttemptReport } from '#domain/attempt-event.js';
import { createReader, recogniseFormat } from '#sources/recognise.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import type { FoundReport } from '#sources/source-reader.js';

/** Real logs lie beside the project, never in it; without them these tests say that they did not run. */
const corpus = join(dirname(fileURLToPath(import.meta.url)), '../../../shared/corpus');
export const corpusIsPresent = existsSync(join(corpus, 'expected'));

export const corpusPath = (folder: string, name: string): string => join(corpus, folder, name);

/** Names of the corpus files of a folder, by the expectations there are. */
export function corpusFiles(folder: string): string[] {
  return readdirSync(join(corpus, 'expected', folder)).map((name) => name.replace(/\.json$/, ''));
}

export function expectedOf(folder: string, name: string): unknown {
  return JSON.parse(readFileSync(join(corpus, 'expected', folder, `${name}.json`), 'utf8'));
}

export interface ReadFile {
  readonly account: ReadingAccount;
  readonly found: readonly FoundReport[];
  readonly failures: readonly FoundReport[];
}

const isFailure = ({ outcome }: AttemptReport) => outcome === 'failed' || outcome === 'rolled_back';

/** Reads a corpus file in small pieces, as an import would; its account must add up. */
export function readCorpusFile(folder: string, name: string): ReadFile {
  const bytes = readFileSync(join(corpus, folder, name));
  const reader = createReader(recogniseFormat(bytes));
  if (reader === null) throw new Error(`${folder}/${name}: kind not recognised`);
  const found: FoundReport[] = [];
  for (let at = 0; at < bytes.length; at += 65_536)
    found.push(...reader.push(bytes.subarray(at, at + 65_536)));
  const { reports, account } = reader.finish();
  found.push(...reports);
  const aside = Object.values(account.setAside).reduce((sum, count) => sum + count, 0);
  expect(account.records).toBe(account.understood + aside + account.notUnderstood);
  expect(account.reports).toBe(found.length);
  return { account, found, failures: found.filter(({ report }) => isFailure(report)) };
}

/** What the event schema finds wrong, once the import has named the device (and an excerpt's update). */
export function schemaIssues(report: AttemptReport): unknown {
  const named = { deviceKey: 'test-device', packageIdentity: 'Package_for_Test', ...report };
  return attemptReportSchema.safeParse(named).error?.issues;
}

/** Counts facts compared with an independent expectation and prints the counts when the file's tests are done. */
export function factCounter(title: string) {
  const counts = { compared: 0, differences: [] as string[] };
  afterAll(() => {
    const told = counts.differences.length === 0 ? 'none' : `\n  ${counts.differences.join('\n  ')}`;
    process.stdout.write(`${title}: ${counts.compared} facts compared, differences: ${told}\n`);
    expect(counts.differences).toEqual([]);
  });
  return (what: string, actual: unknown, expected: unknown): void => {
    counts.compared += 1;
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    counts.differences.push(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
  };
}

/** Registers the one test that stands in for all others where the corpus is missing. */
export function sayCorpusIsMissing(): void {
  it('corpus not present: not checked', () => {
    process.stdout.write('corpus not present: not checked\n');
    expect(corpusIsPresent).toBe(false);
  });
}
