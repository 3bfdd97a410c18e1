/**
 * Who reported between two arrival times, bank by bank: whatever it sent, apart from that what WSUS sent, and what each
 * of its named WSUS servers sent. Gaps are counted between hours with reports. (bank, is WSUS, server or '' for all of
 * them, first ms, last ms, longest gap in hours)
 */
export const reportingSourcesQuery = (database: string, fromMs: number, untilMs: number): string =>
  `SELECT bank, who.1 AS wsus, who.2 AS wsus_server, toUnixTimestamp64Milli(min(at)) AS first_ms, toUnixTimestamp64Milli(max(at)) AS last_ms, arrayMax(arrayDifference(arraySort(groupUniqArray(toUInt32(intDiv(toUnixTimestamp(at), 3600)))))) AS longest_gap_hours FROM (SELECT bank, received_at AS at, arrayJoin(multiIf(source != 'wsus', [(0, '')], reports.wsus_server = '', [(0, ''), (1, '')], [(0, ''), (1, ''), (1, reports.wsus_server)])) AS who FROM ${database}.reports WHERE received_at > fromUnixTimestamp64Milli(toInt64(${fromMs}), 'UTC') AND received_at <= fromUnixTimestamp64Milli(toInt64(${untilMs}), 'UTC')) GROUP BY bank, wsus, wsus_server`;
