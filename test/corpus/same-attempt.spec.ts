import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptReport } from '#domain/attempt-event.js';
import { missingFacts } from '#domain/required-facts.js';
import { fixtureText, readAll } from '../../libs/sources/evidence-fixtures.contract.js';
import { tell } from '../cases/tell-evidence.js';
import { corpusFiles, corpusIsPresent, readCorpusFile, sayCorpusIsMissing } from './corpus-files.js';

/** The reports that can be sent; the device is the event's own computer. */
const reportsOf = (folder: string, name: string): AttemptReport[] =>
  readCorpusFile(folder, name)
    .found.map(({ report }) => report)
    .filter((report) => missingFacts(report).length === 0);

/** What is concluded, in a stable order. */
const told = (reports: readonly AttemptReport[]) =>
  tell(reports)
    .map(({ deviceKey, kb, attempts }) => ({ update: `${deviceKey} ${kb}`, attempts }))
    .sort((left, right) => (left.update < right.update ? -1 : 1));

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('the same attempts told by an event log file, its XML, Winlogbeat and OpenTelemetry', () => {
    for (const file of corpusFiles('evtx')) {
      it(`${file}: in any order, any mixture, any number of copies, count once`, () => {
        const name = file.replace(/\.evtx$/, '');
        const alone = reportsOf('evtx', file);
        const others = [
          ...reportsOf('events-xml', `${name}.xml`),
          ...reportsOf('events-json-converted', `${name}.winlogbeat.ndjson`),
          ...reportsOf('events-json-converted', `${name}.otel-windowseventlog.ndjson`),
        ];
        const expected = told(alone);
        expect(expected.every(({ attempts }) => attempts.length > 0)).toBe(true);
        const mixture = fc
          .shuffledSubarray(others)
          .chain((some) =>
            fc.shuffledSubarray([...alone, ...some], { minLength: alone.length + some.length }),
          );
        fc.assert(
          fc.property(mixture, (reports) => {
            expect(told(reports)).toEqual(expected);
          }),
          { numRuns: 15 },
        );
      });
    }
  });

/** One failed install of KB5034763 as four sources of a PC in China tell it: CBS.log, events 43 and 20, LogHistory, REPORT EVENT. */
const UPDATE = '3b1d8e5c-0000-4000-8000-123456789abc';
const TITLE = '2024-02 Cumulative Update for Windows 10 Version 22H2 for x64-based Systems (KB5034763)';
const FAILURE = 'Installation Failure: Windows failed to install the following update with error';
const event = (id: number, recordId: number, time: string, more = '') =>
  `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-WindowsUpdateClient'/><EventID>${id}</EventID><TimeCreated SystemTime='${time}'/><EventRecordID>${recordId}</EventRecordID><Channel>System</Channel><Computer>PC-0042</Computer></System><EventData>${more}<Data Name='updateTitle'>${TITLE}</Data><Data Name='updateGuid'>{${UPDATE}}</Data><Data Name='updateRevisionNumber'>200</Data></EventData></Event>`;
const SOURCES = {
  cbs: fixtureText('cbs-rollback-over-two-starts.log'),
  events:
    event(43, 101, '2024-02-20T01:00:30.0000000Z') +
    event(20, 102, '2024-02-20T01:21:40.1000000Z', `<Data Name='errorCode'>0x800f0922</Data>`),
  logHistory: [
    `2024/02/20 09:00:20.1000000 4932  5792  UDP               Title = ${TITLE}`,
    `2024/02/20 09:00:20.1000010 4932  5792  UDP               UpdateId = ${UPDATE.toUpperCase()}.200`,
    `2024/02/20 09:21:40.2000000 4932  5792  Agent           LogHistory called. idUpdate={${UPDATE.toUpperCase()}}.200, resultMapped=80070643, resultUnMapped=800F0922`,
  ].join('\r\n'),
  reportEvent: `2024-02-20\t09:23:00:866\t 532\t9e4\tReport\tREPORT EVENT: {ABFDD395-0000-4000-8000-000000000001}\t2024-02-20 09:21:40:300+0800\t1\t195\t101\t{${UPDATE}}\t200\t80070643\tAutomaticUpdates\tFailure\tContent Install\t${FAILURE} 0x80070643: ${TITLE}.`,
} as const;

const DEVICE = { deviceKey: 'pc-0042', deviceName: undefined };
const reportsFrom = (name: keyof typeof SOURCES): AttemptReport[] =>
  readAll(Buffer.from(SOURCES[name])).reports.map(({ report }) => ({ ...report, ...DEVICE }));
const NAMES = Object.keys(SOURCES) as (keyof typeof SOURCES)[];
const ALL = NAMES.flatMap(reportsFrom);
/** Everything concluded from a set of reports: one history of one device and KB. */
const concluded = (reports: readonly AttemptReport[]) => {
  const [history, ...others] = tell(reports, 'Asia/Shanghai');
  if (history === undefined || others.length > 0) throw new Error('not one history');
  const { kb, deviceKey, attempts, failures, latest, attemptedBuilds } = history;
  return { kb, deviceKey, attempts, failures, latest, attemptedBuilds };
};

describe('one attempt told by CBS.log, event 20, LogHistory and REPORT EVENT', () => {
  const whole = concluded(ALL);

  it('is one attempt with all its reports, and counts once, in the finest cohort', () => {
    expect(ALL).toHaveLength(6);
    expect(whole).toMatchObject({ kb: 'KB5034763', deviceKey: 'pc-0042' });
    expect(whole.attempts).toHaveLength(1);
    const [attempt] = whole.attempts;
    // The last word is event 20's, which knows no more than that it failed; that it was rolled back is CBS's.
    expect(attempt).toMatchObject({ outcome: 'failed', rollback: 'completed', stage: 'advanced_installers' });
    expect(new Set(attempt?.eventIds).size).toBe(6);
    const counted = whole.failures;
    expect(counted).toHaveLength(1);
    expect(counted[0]?.signature).toMatchObject({ fineness: 3 });
    expect(JSON.stringify(counted[0]?.signature)).toContain('0x800f0922');
  });

  it('is told the same in any order and mixture of copies', () => {
    const mixture = fc
      .shuffledSubarray([...ALL, ...ALL])
      .chain((copies) => fc.shuffledSubarray([...ALL, ...copies], { minLength: ALL.length + copies.length }));
    fc.assert(
      fc.property(mixture, (reports) => {
        expect(concluded(reports)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('whatever comes first, late evidence takes back what it makes finer: never two countings', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(ALL, { minLength: ALL.length }), (order) => {
        for (let length = 1; length <= order.length; length++) {
          const { attempts, failures } = concluded(order.slice(0, length));
          expect(attempts).toHaveLength(1);
          expect(failures.length).toBeLessThanOrEqual(1);
        }
        expect(concluded(order)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('every two of the sources that tell the failure agree that it is one', () => {
    for (const one of NAMES) {
      for (const other of NAMES) {
        const { attempts, failures } = concluded([...reportsFrom(one), ...reportsFrom(other)]);
        expect(attempts).toHaveLength(1);
        expect(failures).toHaveLength(1);
      }
    }
  });
});
