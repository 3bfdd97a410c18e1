import type { AttributeValue, CohortRow, Tally } from './cohort-row.js';

/** All rows with the same attributes, counted together. */
export interface Combination extends Tally {
  /** Places in `values`, ascending; each attribute at most once. */
  readonly valueIds: readonly number[];
}

export interface Combinations {
  /** Attribute values by attribute, then value. */
  readonly values: readonly AttributeValue[];
  readonly combinations: readonly Combination[];
}

const NOT_KNOWN = new Set(['', 'unknown']);

/**
 * Rows with the same known attributes as one, in an order of their own: whatever comes after this depends neither on
 * the order of rows nor on how devices were split among them.
 */
export function combineRows(rows: readonly CohortRow[]): Combinations {
  const counted = rows.filter(({ devices }) => Number.isSafeInteger(devices) && devices > 0);
  const idOf = new Map<string, Map<string, number>>();
  for (const { attributes } of counted)
    for (const [attribute, value] of knownValues(attributes)) {
      const ids = idOf.get(attribute) ?? new Map<string, number>();
      idOf.set(attribute, ids.set(value, 0));
    }
  const values: AttributeValue[] = [];
  for (const attribute of [...idOf.keys()].sort()) {
    const ids = idOf.get(attribute) ?? new Map<string, number>();
    for (const value of [...ids.keys()].sort()) ids.set(value, values.push({ attribute, value }) - 1);
  }
  const merged = new Map<string, { valueIds: readonly number[]; devices: number; failed: number }>();
  for (const { attributes, failed, devices } of counted) {
    const valueIds = knownValues(attributes)
      .map(([attribute, value]) => idOf.get(attribute)?.get(value) ?? -1)
      .sort((left, right) => left - right);
    const key = valueIds.join();
    const combination = merged.get(key) ?? { valueIds, devices: 0, failed: 0 };
    combination.devices += devices;
    if (failed) combination.failed += devices;
    merged.set(key, combination);
  }
  const combinations = [...merged].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, one]) => one);
  return { values, combinations };
}

const knownValues = (attributes: CohortRow['attributes']): [string, string][] =>
  Object.entries(attributes).filter(([, value]) => !NOT_KNOWN.has(value));
