/** Injection token of the process's metrics. */
export const METRICS = Symbol('metrics');
