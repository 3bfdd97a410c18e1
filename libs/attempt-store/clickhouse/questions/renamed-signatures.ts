import { databaseOf } from '../tables.js';
import type { Generation } from '#domain/generation.js';

/** Attempts of an old signature that are looked at: enough to see into which new ones it went. */
const ATTEMPTS_A_SIGNATURE = 1_000;

/**
 * Which signature the same reports have in another filling: pairs of ids, for every signature that no attempt has there any
 * more. Costs next to nothing while the rules are the same, for then there is none.
 */
export function renamedSignaturesQuery(from: Generation, to: Generation): string {
  const attempts = (generation: Generation) =>
    `SELECT bank, signature_id, event_ids FROM ${databaseOf(generation)}.attempts WHERE signature_id != ''`;
  const kept = `SELECT DISTINCT signature_id FROM ${databaseOf(to)}.attempts`;
  const sample = `
    SELECT bank, signature_id, arrayJoin(event_ids) AS event_id FROM (
      ${attempts(from)} AND signature_id NOT IN (${kept}) ORDER BY signature_id, event_ids LIMIT ${ATTEMPTS_A_SIGNATURE} BY signature_id
    )`;
  return `
    SELECT DISTINCT o.signature_id AS old_id, n.signature_id AS new_id
    FROM (${sample}) AS o
    INNER JOIN (
      SELECT bank, signature_id, event_id FROM (SELECT bank, signature_id, arrayJoin(event_ids) AS event_id FROM (${attempts(to)}))
      WHERE event_id IN (SELECT event_id FROM (${sample}))
    ) AS n ON n.bank = o.bank AND n.event_id = o.event_id
    ORDER BY old_id, new_id`;
}
