import { mediumAttempt } from './medium-attempt.js';

/** Devices of each bank, and how many KBs they get before the first comes again. */
const DEVICES = 20_000;
const KBS = 40;
/** Every fourth row is the second try of a row so many before it. */
const RETRY_DISTANCE = 2_003;
const CODES = ['0x800f0922', '0x80070643', '0x80073712', '0x800f081f', '0x80070005', '0x80240034'];

/** What the benchmarks know of a row beside its text: the same numbers make the rows of the peer. */
export interface FleetAttempt {
  readonly device: number;
  readonly kb: string;
  readonly occurredAt: string;
  readonly outcome: 'failed' | 'succeeded';
  readonly hresult: string;
  readonly osBuild: string;
  /** The report as a sender posts it, about 650 bytes. */
  readonly report: object;
}

/**
 * Row n of one bank's fleet: every device tries one KB after the other; a third of the first tries fail or go on, and
 * are followed by a second try 2,003 rows later. So every fourth row touches a key that the store already knows.
 */
export function fleetAttempt(n: number): FleetAttempt {
  const isRetry = n % 4 === 3 && n >= RETRY_DISTANCE;
  const first = isRetry ? n - RETRY_DISTANCE : n;
  const position = Math.floor(first / 4) * 3 + (first % 4);
  const device = position % DEVICES;
  const kb = `KB50${String(41_500 + (Math.floor(position / DEVICES) % KBS)).padStart(5, '0')}`;
  const occurredAt = new Date(
    Date.UTC(2024, 8, 10) + position * 1_000 + (isRetry ? 3_600_000 : 0),
  ).toISOString();
  const outcome = n % 8 === 0 ? 'failed' : 'succeeded';
  const hresult = outcome === 'failed' ? (CODES[(n / 8) % CODES.length] ?? '') : '';
  const osBuild = `19045.${4_000 + (device % 60)}`;
  const medium = mediumAttempt(n) as Readonly<Record<string, unknown>>;
  return {
    device,
    kb,
    occurredAt,
    outcome,
    hresult,
    osBuild,
    report: {
      ...medium,
      deviceName: `PC-${String(device).padStart(6, '0')}`,
      naturalKey: { kind: 'event_log', channel: 'Setup', recordId: n, timeCreated: occurredAt },
      targetKb: kb,
      occurredAt,
      outcome,
      ...(hresult === '' ? {} : { hresult }),
      osBuild,
      branch: `branch-${device % 200}`,
    },
  };
}
