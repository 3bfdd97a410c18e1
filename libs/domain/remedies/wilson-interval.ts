/** Two-sided 95 %. */
const Z = 1.959964;

/**
 * Wilson's interval for a share of successes, 95 %: honest for few trials, never beyond 0 and 1. `[0, 1]` when nothing
 * was tried.
 */
export function wilsonInterval(successes: number, trials: number): readonly [number, number] {
  if (trials === 0) return [0, 1];
  const share = successes / trials;
  const spread = Z * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials));
  const centre = share + (Z * Z) / (2 * trials);
  const scale = 1 + (Z * Z) / trials;
  // Where none or all succeeded the bound is the share itself; rounding would leave it beside.
  return [
    successes === 0 ? 0 : (centre - spread) / scale,
    successes === trials ? 1 : (centre + spread) / scale,
  ];
}
