import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readScenario } from '../bench/spikes/scenario.js';
import { watchTwice } from '../bench/spikes/watch-product.js';
import { startTestEngine } from '../harness/test-engine.js';
import type { TestEngine } from '../harness/test-engine.js';

const SPIKES = '../shared/corpus/spikes';
/** Three days from a Patch Tuesday on; all scored weeks: `npm run bench -- spikes-product`. */
const PART = { fromHour: 864, untilHour: 936 };
const TIMEOUT_MS = 900_000;

describe('the watch of the running product', () => {
  if (!existsSync(SPIKES)) {
    it('corpus not present: not checked', () => {
      process.stdout.write('corpus not present: alerts of s4-small not held against the running product\n');
      expect(existsSync(SPIKES)).toBe(false);
    });
    return;
  }

  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
  }, TIMEOUT_MS);
  afterAll(() => engine.stop());

  it(
    'says on s4-small, fed through collector, log and ClickHouse, at every hour what the pure functions say',
    async () => {
      const { product, pure, looks } = await watchTwice(
        readScenario(SPIKES, 's4-small'),
        PART,
        engine.urlFor('writer'),
      );
      const raised = pure.filter((line) => line.includes(' AlertRaised '));
      process.stdout.write(
        `s4-small through the product: ${looks} looks, ${raised.length} alerts, ${raised.filter((line) => line.includes(' page/')).length} of them pages\n`,
      );
      expect(product).toEqual(pure);
      // Otherwise equal would say little.
      expect(raised.length).toBeGreaterThanOrEqual(3);
    },
    TIMEOUT_MS,
  );
});
