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

interface ExpectedEvent {
  readonly provider: string;
  readonly eventId: number;
  readonly recordId: number;
  readonly timeUtc: string;
  readonly computer?: string;
  readonly errorCode: string | null;
  readonly updateGuid?: string | null;
  readonly revision?: number | null;
  readonly serviceGuid?: string | null;
  readonly packageIdentifier?: string;
  readonly initialState?: string | null;
  readonly intendedState?: string | null;
  readonly kb: string | null;
  readonly placeholderKb?: boolean;
}
interface ExpectedEvents {
  readonly eventsInFile: number;
  readonly events: readonly ExpectedEvent[];
  readonly failures: readonly ExpectedEvent[];
  readonly successes: readonly ExpectedEvent[];
}

const STORE = '855e8a7c-ecb4-4ca3-b045-1dfa50104289';
/** Expected to be set aside: Store apps and antivirus definitions (issue "Evidence", item 10). */
const isAside = (event: ExpectedEvent) => event.serviceGuid === STORE || event.kb === 'KB2267602';

const folders = corpusIsPresent
  ? [
      ...corpusFiles('evtx').map((name) => ['evtx', name] as const),
      ...corpusFiles('events-xml').map((name) => ['events-xml', name] as const),
      ...corpusFiles('events-real')
        .filter((name) => name.endsWith('.xml'))
        .map((name) => ['events-real', name] as const),
    ]
  : [];

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('event log files and event XML of the corpus', () => {
    const compare = factCounter('evtx, events-xml, events-real');
    for (const [folder, name] of folders) {
      it(`${folder}/${name}: every record counted, every failure and success told, no other failure`, () => {
        const expected = expectedOf(folder, name) as ExpectedEvents;
        const { account, found, failures } = readCorpusFile(folder, name);
        compare(`${name} records`, account.records, expected.eventsInFile);
        compare(`${name} not understood`, account.notUnderstood, 0);
        const byRecord = new Map(found.map(({ recordId, report }) => [recordId, report]));
        let aside = 0;
        for (const [outcome, events] of [
          ['failed', expected.failures],
          ['succeeded', expected.successes],
        ] as const) {
          for (const event of events) {
            const at = `${folder}/${name}#${event.recordId}`;
            const report = byRecord.get(event.recordId);
            if (isAside(event)) {
              aside += 1;
              compare(`${at} set aside`, report === undefined, true);
              continue;
            }
            compare(`${at} outcome`, report?.outcome, outcome);
            compare(`${at} time`, report?.occurredAt, event.timeUtc);
            compare(`${at} code`, report?.hresult ?? '0x00000000', event.errorCode ?? '0x00000000');
            compare(`${at} kb`, report?.targetKb ?? null, event.placeholderKb ? null : event.kb);
            if (event.updateGuid) compare(`${at} update`, report?.updateId, event.updateGuid);
            if (event.revision) compare(`${at} revision`, report?.updateRevision, event.revision);
          }
        }
        for (const event of expected.events) {
          const report = byRecord.get(event.recordId);
          if (report === undefined) continue;
          const at = `${folder}/${name}#${event.recordId}`;
          compare(`${at} computer`, report.deviceName, event.computer);
          compare(`${at} time`, report.occurredAt, event.timeUtc);
          if (event.intendedState) compare(`${at} intended`, report.packageTargetState, event.intendedState);
          if (event.initialState) compare(`${at} initial`, report.packageStartState, event.initialState);
          if ([1, 43, 44].includes(event.eventId)) compare(`${at} start`, report.startedAt, event.timeUtc);
        }
        const expectedFailures = expected.failures
          .filter((event) => !isAside(event))
          .map(({ recordId }) => recordId);
        expect(failures.map(({ recordId }) => recordId).sort()).toEqual(expectedFailures.sort());
        expect(account.records).toBe(expected.eventsInFile);
        const told = (account.setAside.store_app ?? 0) + (account.setAside.defender_definition ?? 0);
        expect(told).toBeGreaterThanOrEqual(aside);
        for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
      });
    }

    it('an event log file and its XML tell the same reports with the same keys', () => {
      for (const name of corpusFiles('events-xml')) {
        const xml = readCorpusFile('events-xml', name).found;
        const evtx = new Map(
          readCorpusFile('evtx', name.replace('.xml', '.evtx')).found.map((found) => [
            found.recordId,
            found.report,
          ]),
        );
        for (const { recordId, report } of xml) expect(evtx.get(recordId)).toEqual(report);
        compare(`${name} same reports`, xml.length, evtx.size);
      }
    });
  });
