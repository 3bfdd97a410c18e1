/** Topics of the event log and how many partitions each has. Alerts, cases and admin have one, so the log orders their writers. */
export const TOPIC_PARTITIONS = {
  'patch.attempts': 12,
  'patch.inventory': 12,
  'patch.evidence': 12,
  'patch.remedies': 12,
  'patch.dead-letters': 12,
  'patch.alerts': 1,
  'patch.cases': 1,
  'patch.admin': 1,
} as const;
export type Topic = keyof typeof TOPIC_PARTITIONS;

/** Only dead letters age out of the log; facts stay for ever. */
export const DEAD_LETTER_RETENTION_MS = 30 * 24 * 3_600_000;

/** The key of everything about one device, so that its events keep their order: bank + device as sent. */
export const deviceMessageKey = (bank: string, deviceKey: string): string => `${bank}/${deviceKey}`;
