import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AttemptReport } from '#domain/attempt-event.js';
import { missingFacts } from '#domain/required-facts.js';
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
