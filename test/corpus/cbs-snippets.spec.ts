import { describe, expect, it } from '@jest/globals';
import { hresultOf, unwrapCode } from '#domain/codes/canonical-code.js';
import {
  corpusFiles,
  corpusIsPresent,
  expectedOf,
  factCounter,
  readCorpusFile,
  schemaIssues,
  sayCorpusIsMissing,
} from './corpus-files.js';

interface ExpectedSnippet {
  readonly records?: number;
  readonly installer: string | null;
  readonly innerError: { readonly kind: string; readonly hresult: string | null } | null;
  readonly outcomeHresult: string;
  readonly failureSource: string | null;
  readonly failingObject: string | null;
  readonly rolledBack: boolean | null;
  readonly rollbackAnnounced?: boolean;
  readonly package: string | null;
  readonly startState?: string;
  readonly targetState?: string;
  readonly utcOffsetMinutes: number | null;
  readonly originalFailureStatus?: string;
  readonly lastForwardExecuteState?: string;
}

/** The expectation tells in words what the failing object is; ours must be named in them. */
const named = (expected: string, name: string) => expected.includes(name.replace(/ \(.*\)$/, ''));

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('CBS excerpts of the corpus', () => {
    const compare = factCounter('cbs-snippets');
    for (const name of corpusFiles('cbs-snippets')) {
      it(name, () => {
        const expected = expectedOf('cbs-snippets', name) as ExpectedSnippet;
        const { account, found } = readCorpusFile('cbs-snippets', name);
        if (expected.records !== undefined) compare(`${name} records`, account.records, expected.records);
        for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
        if (expected.outcomeHresult === '0x00000000') {
          expect(found).toEqual([]);
          return;
        }
        expect(found).toHaveLength(1);
        const report = found[0]?.report;
        if (report === undefined) return;
        compare(`${name} code`, report.hresult, expected.outcomeHresult);
        expect(report.hresult).toBe(expected.outcomeHresult);
        compare(`${name} failureSource`, report.failureSource ?? null, expected.failureSource);
        compare(`${name} package`, report.packageIdentity ?? null, expected.package);
        if (expected.startState !== undefined)
          compare(`${name} start`, report.packageStartState, expected.startState);
        if (expected.targetState !== undefined)
          compare(`${name} target`, report.packageTargetState, expected.targetState);
        if (expected.rolledBack !== null)
          compare(`${name} rolledBack`, report.outcome === 'rolled_back', expected.rolledBack);
        if (expected.rollbackAnnounced) compare(`${name} rollback`, report.rollback, 'initiated');
        if (expected.originalFailureStatus)
          compare(`${name} original`, report.originalFailureStatus, expected.originalFailureStatus);
        if (expected.lastForwardExecuteState)
          compare(`${name} state`, report.lastForwardExecuteState, expected.lastForwardExecuteState);
        const inner = report.innerErrors?.[0];
        if (expected.innerError?.hresult && expected.innerError.hresult !== expected.outcomeHresult) {
          compare(`${name} inner kind`, inner?.kind, expected.innerError.kind);
          compare(
            `${name} inner code`,
            inner && hresultOf(unwrapCode(inner.code, inner.kind)),
            expected.innerError.hresult,
          );
        }
        if (expected.installer)
          compare(`${name} installer`, inner?.origin?.includes(expected.installer), true);
        if (expected.failingObject !== null) {
          compare(`${name} object`, named(expected.failingObject, report.failingObject?.name ?? '?'), true);
        }
        const offset = report.utcOffset === null || report.utcOffset === undefined ? null : report.utcOffset;
        const minutes = expected.utcOffsetMinutes;
        const size = Math.abs(minutes ?? 0) / 60;
        compare(`${name} offset`, offset, minutes === null ? null : `${minutes < 0 ? '-' : '+'}0${size}:00`);
      });
    }
  });
