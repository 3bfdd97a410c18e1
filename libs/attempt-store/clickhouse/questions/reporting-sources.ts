/**
 * Who reported between two arrival times, bank by bank: whatever it sent, and apart from that what WSUS sent. Gaps are
 * counted between hours with reports. (bank, is WSUS, first ms, last ms, longest gap in hours)
 */
export const reportingSourcesQuery = (database: string, fromMs: number, untilMs: number): string =>
  `SELECT bank, wsus, toUnixTimestamp64Milli(min(at)) AS first_ms, toUnixTimestamp64Milli(max(at)) AS last_ms, arrayMax(arrayDifference(arraySort(groupUniqArray(toUInt32(intDiv(toUnixTimestamp(at), 3600)))))) AS longest_gap_hours FROM (SELECT bank, received_at AS at, arrayJoin(if(source = 'wsus', [0, 1], [0])) AS wsus FROM ${database}.reports WHERE received_at > fromUnixTimestamp64Milli(toInt64(${fromMs}), 'UTC') AND received_at <= fromUnixTimestamp64Milli(toInt64(${untilMs}), 'UTC')) GROUP BY bank, wsus`;
