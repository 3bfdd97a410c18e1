import type { AttemptEvent, InventoryEvent } from '#domain/attempt-event.js';
import { toReport } from '#domain/to-report.js';
import type { AliasLink, FactBatch, InventoryRow, KbLink } from '#attempt-store/attempt-store.js';

/** Events → rows of the base tables. Pure; the same events give the same rows. */
export function batchFacts(
  attempts: readonly AttemptEvent[],
  inventories: readonly InventoryEvent[],
): FactBatch {
  const reports = attempts.map((event) => ({
    report: toReport(event),
    updateTitle: event.updateTitle ?? '',
    excerpt: event.excerpt ?? [],
  }));
  return {
    reports,
    inventories: inventories.map(toInventoryRow),
    aliasLinks: uniqueBy(
      [...attempts, ...inventories].flatMap(aliasLinksOf),
      (link) => `${link.bank}/${link.aliasKind}/${link.aliasKey}/${link.deviceKey}`,
    ),
    kbLinks: uniqueBy(
      reports.flatMap(({ report }): KbLink[] =>
        report.kbKey.startsWith('KB') && report.updateId !== ''
          ? [
              {
                bank: report.bank,
                updateId: report.updateId,
                updateRevision: report.updateRevision,
                kb: report.kbKey,
              },
            ]
          : [],
      ),
      (link) => `${link.bank}/${link.updateId}/${link.updateRevision}/${link.kb}`,
    ),
  };
}

function toInventoryRow(event: InventoryEvent): InventoryRow {
  return {
    bank: event.bank,
    deviceKey: event.deviceKey,
    eventId: event.eventId,
    takenAtMs: Date.parse(event.takenAt),
    receivedAtMs: Date.parse(event.receivedAt),
    osInstance: event.osInstance ?? '',
    osBuild: event.osBuild ?? '',
    osName: event.osName ?? '',
    osEdition: event.osEdition ?? '',
    model: event.model ?? '',
    manufacturer: event.manufacturer ?? '',
    branch: event.branch ?? '',
    pendingReboot: event.pendingReboot ?? false,
    event: JSON.stringify(event),
  };
}

function aliasLinksOf(event: AttemptEvent | InventoryEvent): AliasLink[] {
  return (event.deviceAliases ?? []).map(({ kind, key }) => ({
    bank: event.bank,
    deviceKey: event.deviceKey,
    aliasKind: kind,
    aliasKey: key,
  }));
}

function uniqueBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
