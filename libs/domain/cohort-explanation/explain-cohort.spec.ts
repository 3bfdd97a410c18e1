import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CohortRow } from './cohort-row.js';
import { explainCohort } from './explain-cohort.js';

const row = (attributes: Record<string, string>, failed: number, ok: number): CohortRow[] => [
  { attributes, failed: true, devices: failed },
  { attributes, failed: false, devices: ok },
];

/** Four banks with two builds and three models each, 40 devices of every kind; 1 of 40 fails, and more where said. */
const fleet = (failedOf: (attributes: Record<string, string>) => number): CohortRow[] =>
  ['bank-a', 'bank-b', 'bank-c', 'bank-d'].flatMap((bank) =>
    ['17763.6054', '19045.4780'].flatMap((build) =>
      ['m1', 'm2', 'm3'].flatMap((model) => {
        const failed = failedOf({ bank, build, model });
        return row({ bank, build, model }, failed, 40 - failed);
      }),
    ),
  );

const namesOf = (rows: readonly CohortRow[]) =>
  explainCohort(rows).causes.map(({ values }) =>
    values.map(({ attribute, value }) => `${attribute}=${value}`).join(' '),
  );

describe('explainCohort', () => {
  it('names one value, with counts, risk ratio and the comparison', () => {
    const rows = fleet(({ model }) => (model === 'm2' ? 10 : 1));
    expect(explainCohort(rows)).toMatchObject({ devices: 960, failed: 96, dispersion: 1 });
    expect(explainCohort(rows).causes[0]).toMatchObject({
      values: [{ attribute: 'model', value: 'm2' }],
      devices: 320,
      failed: 80,
      comparison: { devices: 640, failed: 16 },
      riskRatio: 10,
      indistinguishable: [],
    });
  });

  it('names a pair where neither of its values alone explains it', () => {
    const rows = fleet(({ bank, model }) => (bank === 'bank-b' && model === 'm2' ? 15 : 1));
    expect(namesOf(rows)[0]).toBe('bank=bank-b model=m2');
  });

  it('has no common cause for failures that are spread evenly, too few, or everywhere', () => {
    expect(namesOf(fleet(() => 2))).toEqual([]);
    expect(namesOf(fleet(() => 40))).toEqual([]);
    expect(namesOf(fleet(() => 0))).toEqual([]);
    expect(namesOf([...row({ model: 'm1' }, 2, 0), ...row({ model: 'm2' }, 0, 10_000)])).toEqual([]);
    expect(namesOf([...row({ model: 'm1' }, 3, 0), ...row({ model: 'm2' }, 0, 10_000)])).toEqual([
      'model=m1',
    ]);
    expect(explainCohort([])).toEqual({ devices: 0, failed: 0, causes: [], dispersion: 1 });
  });

  it('wants a risk ratio of 3, however many devices say less', () => {
    const times = (failed: number) => [
      ...row({ model: 'm1' }, failed, 100_000 - failed),
      ...row({ model: 'm2' }, 1_000, 99_000),
    ];
    expect(namesOf(times(2_999))).toEqual([]);
    expect(namesOf(times(3_000))).toEqual(['model=m1']);
  });

  it('believes less where banks and builds differ anyway', () => {
    const spread: Record<string, number> = { 'bank-a': 0, 'bank-b': 6, 'bank-c': 0, 'bank-d': 6 };
    const calmFleet = fleet(({ model }) => (model === 'm3' ? 11 : 3));
    const wildFleet = fleet(({ bank = '', model }) => (spread[bank] ?? 0) + (model === 'm3' ? 8 : 0));
    const [calm, wild] = [explainCohort(calmFleet), explainCohort(wildFleet)];
    expect(calm.dispersion).toBe(1);
    expect(namesOf(calmFleet)[0]).toBe('model=m3');
    // As many of m3 and of the others fail here; only which banks they stand at is different.
    expect(wild).toMatchObject({ devices: calm.devices, failed: calm.failed, causes: [] });
    expect(wild.dispersion).toBeGreaterThan(3);
  });

  it('says which other values select the same devices', () => {
    const rows = fleet(({ model }) => (model === 'm2' ? 10 : 1)).map((one) => ({
      ...one,
      attributes: { ...one.attributes, driver: one.attributes['model'] === 'm2' ? 'old' : 'new' },
    }));
    const [first] = explainCohort(rows).causes;
    expect(first?.values).toEqual([{ attribute: 'driver', value: 'old' }]);
    expect(first?.indistinguishable).toEqual([[{ attribute: 'model', value: 'm2' }]]);
  });

  it('does not take for a cause what only failing devices tell', () => {
    const rows = fleet(() => 4).map((one) => ({
      ...one,
      attributes: { ...one.attributes, driver: one.failed ? 'told' : 'unknown' },
    }));
    expect(namesOf(rows)).toEqual([]);
  });

  it('has no risk ratio when nobody of the comparison failed', () => {
    const { causes } = explainCohort([...row({ model: 'm1' }, 9, 1), ...row({ model: 'm2' }, 0, 90)]);
    expect(causes[0]).toMatchObject({ riskRatio: null, comparison: { devices: 90, failed: 0 } });
  });
});

describe('explainCohort, whatever the rows', () => {
  const attributes = fc.record(
    {
      bank: fc.constantFrom('bank-a', 'bank-b', 'bank-c'),
      build: fc.constantFrom('17763.6054', '19045.4780'),
      model: fc.constantFrom('m1', 'm2', 'm3', 'unknown', ''),
    },
    { requiredKeys: [] },
  );
  const rows = fc.array(
    fc.record({ attributes, failed: fc.boolean(), devices: fc.integer({ min: 1, max: 400 }) }),
    { maxLength: 40 },
  );

  it('their order does not matter', () => {
    fc.assert(
      fc.property(
        rows.chain((all) => fc.tuple(fc.constant(all), shuffled(all))),
        ([all, other]) => {
          expect(explainCohort(other)).toEqual(explainCohort(all));
        },
      ),
    );
  });

  it('a row may be split into two with the same attributes', () => {
    const split = ({ devices, ...one }: CohortRow): CohortRow[] => {
      const part = Math.floor(devices / 3);
      return [
        { ...one, devices: part },
        { ...one, devices: devices - part },
      ];
    };
    fc.assert(
      fc.property(rows, (all) => {
        expect(explainCohort(all.flatMap(split))).toEqual(explainCohort(all));
      }),
    );
  });

  it('its figures add up and keep to the limits', () => {
    const matching = (all: readonly CohortRow[], values: readonly { attribute: string; value: string }[]) =>
      all.filter((one) => values.every(({ attribute, value }) => one.attributes[attribute] === value));
    const sum = (all: readonly CohortRow[]) => all.reduce((devices, one) => devices + one.devices, 0);
    let explained = 0;
    fc.assert(
      fc.property(rows, (all) => {
        const { causes } = explainCohort(all);
        explained += causes.length;
        expect(causes.length).toBeLessThanOrEqual(3);
        expect(causes.map(({ score }) => score)).toEqual(
          causes.map(({ score }) => score).sort((a, b) => b - a),
        );
        for (const { values, devices, failed, riskRatio, score } of causes) {
          expect(devices).toBe(sum(matching(all, values)));
          expect(failed).toBe(sum(matching(all, values).filter((one) => one.failed)));
          expect(failed).toBeGreaterThanOrEqual(3);
          expect(riskRatio ?? 3).toBeGreaterThanOrEqual(3 - 1e-9);
          expect(score).toBeGreaterThanOrEqual(2.3);
        }
      }),
    );
    expect(explained).toBeGreaterThan(0);
  });

  it('never throws', () => {
    const wild = fc.array(
      fc.record({
        attributes: fc.dictionary(fc.string(), fc.string()),
        failed: fc.boolean(),
        devices: fc.oneof(fc.double(), fc.integer(), fc.constant(Number.MAX_SAFE_INTEGER)),
      }),
    );
    fc.assert(
      fc.property(wild, (all) => {
        const { causes, dispersion } = explainCohort(all);
        expect(dispersion).toBeGreaterThanOrEqual(1);
        for (const { score } of causes) expect(score).not.toBeNaN();
      }),
    );
  });
});

function shuffled<T>(all: readonly T[]): fc.Arbitrary<T[]> {
  return fc.shuffledSubarray([...all], { minLength: all.length, maxLength: all.length });
}
