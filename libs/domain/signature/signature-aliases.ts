/** Old id → the ids that the same failures have under later rules. One old id may have become several. */
export type SignatureAliases = ReadonlyMap<string, ReadonlySet<string>>;

/** The aliases with some more. A pair may come more than once. */
export function withAliases(
  aliases: SignatureAliases,
  renamed: readonly (readonly [oldId: string, newId: string])[],
): SignatureAliases {
  const grown = new Map([...aliases].map(([oldId, newIds]) => [oldId, new Set(newIds)]));
  for (const [oldId, newId] of renamed) grown.set(oldId, (grown.get(oldId) ?? new Set()).add(newId));
  return grown;
}

/** The id itself and every id it became, through as many changes of rules as there were. Ids may come back. */
export function idsOf(aliases: SignatureAliases, signatureId: string): readonly string[] {
  const found = new Set([signatureId]);
  for (const id of found) for (const next of aliases.get(id) ?? []) found.add(next);
  return [...found];
}

/** The ids that became this one. */
export function formerIdsOf(aliases: SignatureAliases, signatureId: string): readonly string[] {
  return [...aliases.keys()].filter(
    (oldId) => oldId !== signatureId && idsOf(aliases, oldId).includes(signatureId),
  );
}
