import { describe, expect, it } from '@jest/globals';
import { kbIn } from '#sources/update-names.js';
import {
  corpusFiles,
  corpusIsPresent,
  expectedOf,
  factCounter,
  readCorpusFile,
  schemaIssues,
  sayCorpusIsMissing,
} from './corpus-files.js';

interface ExpectedHistory {
  readonly line: number;
  readonly time: string;
  readonly updateGuid: string;
  readonly revision: number;
  readonly mapped: string;
  readonly unmapped: string;
  readonly caller: string | null;
  readonly kbOnSameLineAsId: string | null;
}
interface ExpectedDecoded {
  readonly lines: number;
  readonly logHistory: readonly ExpectedHistory[];
}
interface ExpectedRow {
  readonly line: number;
  readonly eventInstanceId: string;
  readonly timeUtc: string;
  readonly eventId: number;
  readonly updateGuid: string;
  readonly revision: number;
  readonly hresult: string;
}
interface ExpectedLegacy {
  readonly lines: number;
  readonly reportEvents: number;
  readonly zoneHeaders: readonly { readonly tz: string }[];
  readonly failures: readonly ExpectedRow[];
}

/** Not failures by log-formats.md §4: already installed, restart pending. */
const HARMLESS = new Set(['0x00000000', '0x00240006', '0x80242014']);

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('WindowsUpdate.log of the corpus', () => {
    const compare = factCounter('wu-decoded, wu-legacy');
    for (const name of corpusFiles('wu-decoded')) {
      it(`wu-decoded/${name}: every LogHistory line told or set aside, no other failure`, () => {
        const expected = expectedOf('wu-decoded', name) as ExpectedDecoded;
        const { account, found, failures } = readCorpusFile('wu-decoded', name);
        expect(account.records).toBe(expected.lines);
        const byLine = new Map(found.map(({ line, report }) => [line, report]));
        const { store_app = 0, defender_definition = 0 } = account.setAside;
        compare(
          `${name} told or aside`,
          found.length + store_app + defender_definition,
          expected.logHistory.length,
        );
        const expectedFailures: number[] = [];
        for (const history of expected.logHistory) {
          const at = `${name}:${history.line}`;
          const report = byLine.get(history.line);
          const failed = !HARMLESS.has(history.mapped);
          if (failed && history.kbOnSameLineAsId !== 'KB2267602') expectedFailures.push(history.line);
          if (report === undefined) continue;
          compare(`${at} time`, report.occurredAtText?.replaceAll('/', '-').replace(' ', 'T'), history.time);
          compare(
            `${at} update`,
            `${report.updateId ?? ''}.${report.updateRevision ?? ''}`,
            `${history.updateGuid}.${history.revision}`,
          );
          // The expectation only knows lines that name both; a title above the line of its UpdateId names the KB too.
          if (history.kbOnSameLineAsId !== null)
            compare(`${at} kb`, report.targetKb ?? null, history.kbOnSameLineAsId);
          else compare(`${at} kb in title`, report.targetKb, kbIn(report.updateTitle ?? ''));
          compare(`${at} failed`, report.outcome === 'failed', failed);
          const cause = history.unmapped === '0x00000000' ? history.mapped : history.unmapped;
          compare(
            `${at} code`,
            report.hresult ?? '0x00000000',
            cause === '0x00240006' ? '0x00000000' : cause,
          );
          const shown = history.mapped === cause || history.mapped === '0x00000000' ? null : history.mapped;
          compare(`${at} shown code`, report.reportedHresult ?? null, shown);
        }
        expect(failures.map(({ line }) => line)).toEqual(expectedFailures);
        for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
      });
    }

    for (const name of corpusFiles('wu-legacy')) {
      it(`wu-legacy/${name}: every REPORT EVENT told or set aside, no other failure`, () => {
        const expected = expectedOf('wu-legacy', name) as ExpectedLegacy;
        const { account, found, failures } = readCorpusFile('wu-legacy', name);
        expect(account.records).toBe(expected.lines);
        compare(
          `${name} zones`,
          account.offsets.map(({ utcOffset }) => utcOffset.replace(':', '')),
          expected.zoneHeaders.map(({ tz }) => tz),
        );
        const { scan = 0, notice = 0, download_progress = 0, no_update_named = 0 } = account.setAside;
        compare(
          `${name} told or aside`,
          found.length + scan + notice + download_progress + no_update_named,
          expected.reportEvents,
        );
        const byLine = new Map(found.map(({ line, report }) => [line, report]));
        for (const row of expected.failures) {
          const at = `${name}:${row.line}`;
          const report = byLine.get(row.line);
          compare(`${at} time`, report?.occurredAt, row.timeUtc);
          compare(`${at} code`, report?.hresult, row.hresult);
          compare(
            `${at} update`,
            `${report?.updateId ?? ''}.${report?.updateRevision ?? ''}`,
            `${row.updateGuid}.${row.revision}`,
          );
        }
        expect(failures.map(({ line }) => line)).toEqual(expected.failures.map(({ line }) => line));
        for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
      });
    }
  });
