/** Every constant of the cohort explanation, with its reason. Those of the method's description are marked so. */

/** Method: odds of 10 : 1 (ln 10) for the cell after its penalty. Below, a fluke among many cells explains as well. */
export const LEAST_SCORE = 2.3;

/**
 * Method: two failures have something in common always. Cells with fewer are no candidates and are not counted in the
 * penalty either (our reading: the method says "number of cells of that order").
 */
export const FEWEST_FAILED = 3;

/** Method: what fails less than three times as often as the rest is no cause that on-call could act upon. */
export const LEAST_RISK_RATIO = 3;

/** Method: more than three answers are no answer. */
export const MOST_CAUSES = 3;

/**
 * Method: banks and builds differ in ways nobody recorded (hardware age, who patches, when). How much devices of one
 * bank and build fail alike, beyond chance, is what every other difference has to beat.
 */
export const GROUPING_ATTRIBUTES: readonly string[] = ['bank', 'build'];

/** Groups that differ less than by chance are luck, not evidence: the dispersion never makes a score larger. */
export const LEAST_DISPERSION = 1;
