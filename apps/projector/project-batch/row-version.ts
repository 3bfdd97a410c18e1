import type { Report } from '#domain/report.js';

/** Arrivals are counted back from here (year 2109), so that an earlier one weighs more. */
const LATEST_MS = 2 ** 42;
const EARLINESS_BITS = 64n;
const FACTS_BITS = 32n;
const FACTS_RANGE = 2 ** 32;
/** Below this, links and facts together are exact as a plain number. */
const EXACT_LINKS = 2 ** 20;

/**
 * How much a row's teller had read: links of the bank, then facts (distinct copies of reports, builds), then how early the
 * copies arrived. Each part only grows while the part before it stays, so a row told of everything beats every other,
 * whoever writes last. Links come first because a new one may part a key and leave it fewer copies.
 */
export function rowVersion(links: number, reports: readonly Report[], builds: number): bigint {
  const [only] = reports;
  // Nearly every key has one report, and arithmetic of large numbers is slow.
  if (only && reports.length === 1)
    return versionOf(links, 1 + builds, BigInt(earlinessOf(only.receivedAtMs)));
  const earliestMs = new Map<string, number>();
  for (const { eventId, copyHash, receivedAtMs } of reports) {
    const id = `${eventId}/${copyHash}`;
    const known = earliestMs.get(id);
    if (known === undefined || receivedAtMs < known) earliestMs.set(id, receivedAtMs);
  }
  let earliness = 0n;
  for (const receivedAtMs of earliestMs.values()) earliness += BigInt(earlinessOf(receivedAtMs));
  return versionOf(links, earliestMs.size + builds, earliness);
}

const earlinessOf = (receivedAtMs: number): number => Math.max(0, LATEST_MS - Math.round(receivedAtMs));

function versionOf(links: number, facts: number, earliness: bigint): bigint {
  const head =
    links < EXACT_LINKS ? BigInt(links * FACTS_RANGE + facts) : (BigInt(links) << FACTS_BITS) | BigInt(facts);
  return (head << EARLINESS_BITS) | earliness;
}
