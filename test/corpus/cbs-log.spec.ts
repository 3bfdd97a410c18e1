import { describe, expect, it } from '@jest/globals';
import {
  corpusFiles,
  corpusIsPresent,
  expectedOf,
  factCounter,
  readCorpusFile,
  schemaIssues,
  sayCorpusIsMissing,
} from './corpus-files.js';

interface ExecComplete {
  readonly line: number;
  readonly time: string;
  readonly session: string;
  readonly package: string | null;
  readonly kb: string | null;
  readonly hresult: string;
  readonly placeholderKb?: boolean;
}
interface ExpectedCbs {
  readonly stampedRecords: number;
  readonly linesBeforeFirstRecord: number;
  readonly minTime: string;
  readonly maxTime: string;
  readonly offsetStretches: readonly { readonly offsetMinutes: number }[];
  readonly execComplete: readonly ExecComplete[];
  readonly sessionFinalized: readonly { readonly session: string; readonly rebootRequired: string }[];
}

const RESTART = new Set(['0x80070bc2', '0x80070bc9']);
const minutesOf = (offset: string) => {
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number);
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -1 : 1);
};

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('CBS and DISM logs of the corpus', () => {
    const compare = factCounter('cbs, dism');
    for (const folder of ['cbs', 'dism']) {
      for (const name of corpusFiles(folder)) {
        it(`${folder}/${name}: every verdict on a package, and no other failure`, () => {
          const expected = expectedOf(folder, name) as ExpectedCbs;
          const { account, found, failures } = readCorpusFile(folder, name);
          compare(
            `${name} records`,
            account.records,
            expected.stampedRecords + expected.linesBeforeFirstRecord,
          );
          compare(`${name} from`, account.from, expected.minTime);
          compare(`${name} to`, account.to, expected.maxTime);
          compare(
            `${name} offsets`,
            account.offsets.map(({ utcOffset }) => minutesOf(utcOffset)),
            expected.offsetStretches.map(({ offsetMinutes }) => offsetMinutes),
          );
          const verdicts = expected.execComplete.filter((verdict) => verdict.package !== null);
          for (const verdict of verdicts) {
            const report = found.find(({ line }) => line === verdict.line)?.report;
            const restarts =
              RESTART.has(verdict.hresult) ||
              expected.sessionFinalized.some(
                (end) => end.session === verdict.session && end.rebootRequired === 'yes',
              );
            const ended =
              verdict.hresult === '0x00000000' || RESTART.has(verdict.hresult) ? 'succeeded' : 'failed';
            compare(`${name}:${verdict.line} time`, report?.occurredAtText?.replace(' ', 'T'), verdict.time);
            compare(`${name}:${verdict.line} outcome`, report?.outcome, restarts ? 'pending_reboot' : ended);
            compare(`${name}:${verdict.line} code`, report?.hresult ?? '0x00000000', verdict.hresult);
            compare(`${name}:${verdict.line} package`, report?.packageIdentity, verdict.package);
            compare(
              `${name}:${verdict.line} kb`,
              report?.targetKb ?? null,
              verdict.placeholderKb ? null : verdict.kb,
            );
          }
          const expectedLines = verdicts
            .filter(({ hresult }) => hresult !== '0x00000000' && !RESTART.has(hresult))
            .map(({ line }) => line);
          compare(
            `${name} failures`,
            failures.map(({ line }) => line),
            expectedLines,
          );
          for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
          expect(failures.map(({ line }) => line)).toEqual(expectedLines);
          expect(account.records).toBe(expected.stampedRecords + expected.linesBeforeFirstRecord);
        });
      }
    }
  });
