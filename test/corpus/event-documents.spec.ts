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
  readonly recordId?: number;
  readonly timeUtc: string | null;
  readonly computer?: string;
  readonly errorCode: string | null;
  readonly updateGuid?: string | null;
  readonly revision?: number | null;
  readonly serviceGuid?: string | null;
  readonly initialState?: string | null;
  readonly intendedState?: string | null;
  readonly kb: string | null;
  readonly placeholderKb?: boolean;
}
interface ExpectedEvents {
  readonly eventsInFile?: number;
  readonly events: readonly ExpectedEvent[];
  readonly failures: readonly ExpectedEvent[];
  readonly successes: readonly ExpectedEvent[];
}

const STORE = '855e8a7c-ecb4-4ca3-b045-1dfa50104289';
const isAside = (event: ExpectedEvent) => event.serviceGuid === STORE || event.kb === 'KB2267602';
const keysOf = (events: readonly ExpectedEvent[]) => events.map(({ recordId = -1 }) => recordId).sort();

/** Its documents have neither UserData nor a message: they tell that something failed, not what, and no success. */
const WITHOUT_WORDS = 'win10_setup_0x800f0816.otel-windowseventlog.ndjson';

/**
 * What the document dropped (OpenTelemetry's lack UserData) stands in its message in words. So the expectations of those
 * fields are taken from the event log file that the document was made from.
 */
function wholeExpectation(name: string): ExpectedEvents {
  const expected = expectedOf('events-json-converted', name) as ExpectedEvents;
  if (name === WITHOUT_WORDS) return { ...expected, successes: [] };
  if (!name.includes('.otel-')) return expected;
  const evtx = expectedOf('evtx', name.replace(/\.otel-.*/, '.evtx')) as ExpectedEvents;
  const ids = new Set(expected.events.map(({ recordId }) => recordId));
  const sent = (event: ExpectedEvent) => ids.has(event.recordId);
  return {
    ...expected,
    events: evtx.events.filter(sent),
    failures: evtx.failures.filter(sent),
    successes: evtx.successes.filter(sent),
  };
}

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('event documents of the corpus', () => {
    const compare = factCounter('events-json-converted, events-real');

    for (const name of corpusFiles('events-json-converted')) {
      it(`${name}: the same facts as the event log file it was made from`, () => {
        const stated = expectedOf('events-json-converted', name) as ExpectedEvents;
        const expected = wholeExpectation(name);
        const { account, found, failures } = readCorpusFile('events-json-converted', name);
        const byRecord = new Map(found.map(({ recordId, report }) => [recordId, report]));
        compare(`${name} records`, account.records, stated.eventsInFile);
        compare(`${name} not understood`, account.notUnderstood, 0);
        for (const [outcome, events] of [
          ['failed', expected.failures],
          ['succeeded', expected.successes],
        ] as const) {
          for (const event of events.filter((one) => !isAside(one))) {
            const at = `${name}#${event.recordId ?? ''}`;
            const report = byRecord.get(event.recordId);
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
          const at = `${name}#${event.recordId ?? ''}`;
          compare(`${at} computer`, report.deviceName, event.computer);
          if (event.intendedState) compare(`${at} intended`, report.packageTargetState, event.intendedState);
          if (event.initialState) compare(`${at} initial`, report.packageStartState, event.initialState);
        }
        const failed = failures.map(({ recordId = -1 }) => recordId).sort();
        expect(failed).toEqual(keysOf(expected.failures.filter((event) => !isAside(event))));
        expect(stated.failures.length).toBe(expected.failures.length);
        for (const { report } of found) expect(schemaIssues(report)).toBeUndefined();
      });

      it(`${name}: the same reports and keys as the event log file`, () => {
        const evtx = readCorpusFile('evtx', name.replace(/\.(otel|winlogbeat).*/, '.evtx')).found;
        const byRecord = new Map(evtx.map(({ recordId, report }) => [recordId, report]));
        for (const { recordId, report } of readCorpusFile('events-json-converted', name).found) {
          const other = byRecord.get(recordId);
          compare(`${name}#${recordId ?? ''} key`, report.naturalKey, other?.naturalKey);
          if (name.includes('winlogbeat')) compare(`${name}#${recordId ?? ''} report`, report, other);
        }
      });
    }

    for (const name of corpusFiles('events-real').filter((file) => !file.endsWith('.xml'))) {
      it(`events-real/${name}`, () => {
        const expected = expectedOf('events-real', name) as ExpectedEvents;
        const { account, found } = readCorpusFile('events-real', name);
        compare(`${name} not understood`, account.notUnderstood, 0);
        compare(`${name} records`, account.records, Math.max(1, expected.events.length));
        const told = expected.events.filter((event) => !isAside(event));
        compare(`${name} reports`, found.length, told.length);
        for (const [at, event] of told.entries()) {
          const report = found[at]?.report;
          compare(`${name} ${at} time`, report?.occurredAt, event.timeUtc);
          compare(`${name} ${at} kb`, report?.targetKb, event.kb);
          compare(`${name} ${at} code`, report?.hresult ?? null, event.errorCode);
          compare(`${name} ${at} failed`, report?.outcome === 'failed', event.eventId === 3);
          if (event.computer) compare(`${name} ${at} computer`, report?.deviceName, event.computer);
          if (event.recordId) compare(`${name} ${at} record`, found[at]?.recordId, event.recordId);
          if (event.intendedState)
            compare(`${name} ${at} to`, report?.packageTargetState, event.intendedState);
          if (event.initialState)
            compare(`${name} ${at} from`, report?.packageStartState, event.initialState);
        }
        for (const { report } of found) expect(schemaIssues({ deviceName: 'x', ...report })).toBeUndefined();
      });
    }
  });
