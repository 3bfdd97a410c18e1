import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createReader, recogniseFormat } from '#sources/recognise.js';
import {
  corpusIsPresent,
  corpusPath,
  expectedOf,
  factCounter,
  readCorpusFile,
  schemaIssues,
  sayCorpusIsMissing,
} from './corpus-files.js';

interface ExpectedRow {
  readonly line: number;
  readonly eventInstanceId: string;
  readonly timeUtc: string;
  readonly updateGuid: string;
  readonly revision: number;
  readonly hresult: string;
}

function inventoryOf(name: string) {
  const bytes = readFileSync(corpusPath('wsus', name));
  const reader = createReader(recogniseFormat(bytes));
  reader?.push(bytes);
  return reader?.finish();
}

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('WSUS rows, hotfix lists and articles of the corpus', () => {
    const compare = factCounter('wsus, wu-snippets');

    it('report_events_part1.tsv: every failure, no other', () => {
      const expected = expectedOf('wsus', 'report_events_part1.tsv') as {
        readonly reportEvents: number;
        readonly failures: readonly ExpectedRow[];
      };
      const { account, found, failures } = readCorpusFile('wsus', 'report_events_part1.tsv');
      compare('rows and head', account.records, expected.reportEvents + 1);
      compare('not understood', account.notUnderstood, 0);
      compare(
        'failures',
        failures.map(({ line }) => line),
        expected.failures.map(({ line }) => line),
      );
      for (const row of expected.failures) {
        const report = found.find(({ line }) => line === row.line)?.report;
        compare(`${row.line} time`, report?.occurredAt, row.timeUtc);
        compare(`${row.line} code`, report?.hresult, row.hresult);
        compare(`${row.line} update`, report?.updateId, row.updateGuid);
        compare(`${row.line} revision`, report?.updateRevision, row.revision);
        compare(`${row.line} key`, report?.naturalKey, {
          kind: 'report_event',
          eventInstanceId: row.eventInstanceId,
        });
      }
      for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
    });

    for (const name of ['hotfix_wmi_export_masked.csv', 'systeminfo_hotfixes_zh_17763_excerpt.txt']) {
      it(`${name}: the hotfixes, and nothing else`, () => {
        const { hotfixIds } = expectedOf('wsus', name) as { readonly hotfixIds: readonly string[] };
        const { inventories = [], account } = inventoryOf(name) ?? { account: null };
        compare(`${name} not understood`, account?.notUnderstood, 0);
        compare(
          `${name} hotfixes`,
          inventories.flatMap(({ inventory }) => inventory.packages?.map(({ kb }) => kb)),
          hotfixIds,
        );
      });
    }

    it('tracefmt print and other excerpts of WindowsUpdate.log', () => {
      const told = (name: string) => {
        const { account, found } = readCorpusFile('wu-snippets', name);
        compare(`${name} not understood`, account.notUnderstood, 0);
        return found.map(({ report }) => [
          report.updateId,
          report.updateRevision,
          report.outcome,
          report.hresult,
        ]);
      };
      const trace = 'featureupdate_0x80070490_tracefmt_msdocs_redacted.log';
      const { updateGuid, revision, exitCode } = expectedOf('wu-snippets', trace) as Record<string, unknown>;
      compare(trace, told(trace), [[updateGuid, revision, 'failed', exitCode]]);
      const piped = 'wpp_0x80070643_server_export_pipe.log';
      const { logHistory } = expectedOf('wu-snippets', piped) as {
        readonly logHistory: readonly (ExpectedRow & { readonly mapped: string })[];
      };
      compare(
        piped,
        told(piped),
        logHistory.map((one) => [one.updateGuid, one.revision, 'failed', one.mapped]),
      );
      compare('no installation', told('server2008r2_0x80072ee2_imagingtools53.log'), []);
    });
  });
