import type { AliasLink, FactBatch, KbLink, LinkEntry } from '#attempt-store/attempt-store.js';

export const aliasEntry = ({ bank, deviceKey, aliasKind, aliasKey }: AliasLink): LinkEntry => ({
  bank,
  kind: 'alias',
  subject: deviceKey,
  object: `${aliasKind}/${aliasKey}`,
});

export const kbEntry = ({ bank, updateId, updateRevision, kb }: KbLink): LinkEntry => ({
  bank,
  kind: 'kb',
  subject: `update:${updateId}.${updateRevision}`,
  object: kb,
});

/** What a batch's facts tell the whole bank. */
export function linkEntries({ reports, aliasLinks, kbLinks }: FactBatch): LinkEntry[] {
  const unnamed = new Map<string, LinkEntry>();
  for (const { report } of reports) {
    const { bank, kbKey } = report;
    if (kbKey.startsWith('update:'))
      unnamed.set(`${bank}/${kbKey}`, { bank, kind: 'unnamed', subject: kbKey, object: '' });
  }
  return [...aliasLinks.map(aliasEntry), ...kbLinks.map(kbEntry), ...unnamed.values()];
}

/** Every bank that a batch tells of. */
export const banksOf = ({ reports, inventories }: FactBatch): string[] => [
  ...new Set([...reports.map(({ report }) => report.bank), ...inventories.map(({ bank }) => bank)]),
];
