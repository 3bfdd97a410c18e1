/** Somewhere in the bank a report named this KB for (update id, revision). */
export interface UpdateKb {
  readonly updateId: string;
  readonly updateRevision: number;
  readonly kb: string;
}

/** Sources write update ids in both cases, with and without braces: one form for all. */
export function normaliseUpdateId(updateId: string): string {
  const text = updateId.trim().toLowerCase();
  return text.startsWith('{') && text.endsWith('}') ? text.slice(1, -1) : text;
}

/**
 * The KB under which a report's history stands: its own `kbKey`, or for `update:<id>.<revision>` the smallest KB
 * (by text) that the links give for that update; the key itself when there is none. Order-free.
 */
export function resolveKb(kbKey: string, links: readonly UpdateKb[]): string {
  if (!kbKey.startsWith('update:')) return kbKey;
  let smallest: string | null = null;
  for (const link of links) {
    if (kbKey !== `update:${normaliseUpdateId(link.updateId)}.${link.updateRevision}`) continue;
    if (smallest === null || link.kb < smallest) smallest = link.kb;
  }
  return smallest ?? kbKey;
}
