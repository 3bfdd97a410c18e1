/** Largest arrival; `notAfterMs` null = any. Without it the parts' own minima and maxima answer. */
export const lastArrivalQuery = (database: string, notAfterMs: number | null): string =>
  `SELECT count(), toUnixTimestamp64Milli(max(received_at)) FROM ${database}.reports` +
  (notAfterMs === null
    ? ''
    : ` WHERE received_at <= fromUnixTimestamp64Milli(toInt64(${notAfterMs}), 'UTC')`);

/** Smallest and largest arrival of each bank that fits `condition`: (bank, ms, ms). */
export const arrivalSpansQuery = (database: string, condition: string): string =>
  `SELECT bank, toUnixTimestamp64Milli(min(received_at)) AS first_ms, toUnixTimestamp64Milli(max(received_at)) AS last_ms FROM ${database}.reports WHERE ${condition} GROUP BY bank`;
