import type { Combinations } from './attribute-combinations.js';
import type { Tally } from './cohort-row.js';

/** The devices with one value, or with two values of different attributes; one cell for each that occurs. */
export interface Cell extends Tally {
  /** Places in `Combinations.values`, one or two. */
  readonly valueIds: readonly number[];
  /** The other devices of which these attributes are known. */
  readonly comparison: Tally;
}

interface MutableTally {
  devices: number;
  failed: number;
}

/**
 * All cells of one order (1 or 2 attributes). Devices of which an attribute is not known stand on neither side: often
 * only failing devices tell everything, and what they tell would look like a cause.
 */
export function cellsOf({ values, combinations }: Combinations, order: 1 | 2): readonly Cell[] {
  const cells = new Map<number, MutableTally & { readonly valueIds: readonly number[] }>();
  for (const { valueIds, devices, failed } of combinations)
    for (const chosen of choices(valueIds, order)) {
      const key = keyOf(chosen, values.length);
      const cell = cells.get(key) ?? { valueIds: chosen, devices: 0, failed: 0 };
      cell.devices += devices;
      cell.failed += failed;
      cells.set(key, cell);
    }
  const attributeIds = values.map(({ attribute }) => values.findIndex((one) => one.attribute === attribute));
  const known = new Map<number, MutableTally>();
  const withTheirKnown = [...cells.values()].map((cell) => {
    const key = keyOf(
      cell.valueIds.map((id) => attributeIds[id] ?? id),
      values.length,
    );
    const all = known.get(key) ?? { devices: 0, failed: 0 };
    all.devices += cell.devices;
    all.failed += cell.failed;
    known.set(key, all);
    return { cell, all };
  });
  return withTheirKnown.map(({ cell, all }) => ({
    ...cell,
    comparison: { devices: all.devices - cell.devices, failed: all.failed - cell.failed },
  }));
}

const keyOf = ([first = 0, second = first]: readonly number[], base: number): number => first * base + second;

function choices(valueIds: readonly number[], order: 1 | 2): readonly (readonly number[])[] {
  if (order === 1) return valueIds.map((id) => [id]);
  return valueIds.flatMap((first, at) => valueIds.slice(at + 1).map((second) => [first, second]));
}
