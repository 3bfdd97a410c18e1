import { describe, expect, it } from '@jest/globals';
import { readIncidents, scoreExplanations } from '../bench/explanation-score.js';
import { corpusIsPresent, corpusPath, sayCorpusIsMissing } from './corpus-files.js';

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('cohort explanation over the spike corpus', () => {
    it('names the planted cause, or that there is none, as often as is required', () => {
      const { incidents, right, rightInThree, exact } = scoreExplanations(
        readIncidents(corpusPath('spikes', '')),
      );
      const causes = incidents.single + incidents.pair;
      const first = right.single + right.pair;
      process.stdout.write(
        `cohort explanation: first ${first}/${causes} (pairs ${right.pair}/${incidents.pair}), ` +
          `in three ${rightInThree}/${causes}, exact ${exact}/${causes}, none ${right.none}/${incidents.none}\n`,
      );
      expect(incidents).toEqual({ single: 77, pair: 48, none: 35 });
      expect(first / causes).toBeGreaterThanOrEqual(0.86);
      expect(right.pair).toBeGreaterThanOrEqual(39);
      expect(rightInThree / causes).toBeGreaterThanOrEqual(0.93);
      expect(right.none).toBeGreaterThanOrEqual(22);
    }, 180_000);
  });
