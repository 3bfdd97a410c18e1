import type { StoreWriters } from '#attempt-store/store-writers.js';
import { otherGeneration } from '#domain/generation.js';
import type { Generation } from '#domain/generation.js';
import { rulesHash } from '#domain/rules-hash.js';
import { appendAdminEvent } from '#event-log/admin-reader.js';
import type { EventLog } from '#event-log/event-log.js';

const PAIRS_AN_EVENT = 1_000;

/**
 * Before a filling by other rules takes over: keeps in the log which signature each old one became, because the rules
 * that made the old ids are gone afterwards and no rebuild could tell. People and cases know the old ids.
 */
export async function rememberRenamed(
  log: EventLog,
  writers: StoreWriters,
  generation: Generation,
): Promise<void> {
  const renamed = await writers.renamedSignatures(otherGeneration(generation), generation);
  for (let from = 0; from < renamed.length; from += PAIRS_AN_EVENT) {
    await appendAdminEvent(log, {
      type: 'SignaturesRenamed',
      at: new Date().toISOString(),
      rulesHash,
      renamed: renamed.slice(from, from + PAIRS_AN_EVENT),
    });
  }
}
