/** The two fillings a store can hold: one answers, the other is filled by a rebuild. */
export const GENERATIONS = ['blue', 'green'] as const;
export type Generation = (typeof GENERATIONS)[number];
export const otherGeneration = (generation: Generation): Generation =>
  generation === 'blue' ? 'green' : 'blue';
