/** Names of CBS package states by their value in the registry (domain.md §3.4). */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'Absent'],
  [5, 'Uninstall Pending'],
  [16, 'Resolving'],
  [32, 'Resolved'],
  [48, 'Staging'],
  [64, 'Staged'],
  [80, 'Superseded'],
  [96, 'Install Pending'],
  [101, 'Partially Installed'],
  [112, 'Installed'],
  [128, 'Permanent'],
]);

/** Undefined when the number is none of a state. */
export const packageStateName = (value: number): string | undefined => NAMES.get(value);
