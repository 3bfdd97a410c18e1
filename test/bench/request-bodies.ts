import { gzipSync } from 'node:zlib';
import { fleetAttempt } from './fleet-attempt.js';

export const ROWS_PER_REQUEST = 500;

/**
 * Bodies of 500 reports each, gzip NDJSON, made before the clock starts. Every bank can send all of them: the bank
 * is part of an event's identity, so the same rows from another bank are other events.
 */
export function makeBodies(count: number): readonly Buffer[] {
  return Array.from({ length: count }, (_, body) => {
    const lines = Array.from({ length: ROWS_PER_REQUEST }, (_row, row) =>
      JSON.stringify(fleetAttempt(body * ROWS_PER_REQUEST + row).report),
    );
    return gzipSync(`${lines.join('\n')}\n`, { level: 6 });
  });
}
