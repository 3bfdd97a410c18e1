import type { AttemptEvent, InventoryEvent, PatchEvent } from '#domain/attempt-event.js';
import { copyHashOf } from '#domain/copy-hash.js';
import { toReport } from '#domain/to-report.js';
import { wsusServerOf } from '#domain/wsus-server.js';
import type { AliasLink, FactBatch, InventoryRow, KbLink, ReportRow } from '#attempt-store/attempt-store.js';

/**
 * Events → rows of the base tables, one event after the other, so that an event need not outlive its rows. The same
 * events give the same rows.
 */
export class BatchFacts {
  private readonly reports: ReportRow[] = [];
  private readonly inventories: InventoryRow[] = [];
  private readonly aliasLinks = new Map<string, AliasLink>();
  private readonly kbLinks = new Map<string, KbLink>();

  /**
   * @param message the bytes that hold the event
   * @returns when it was received, ms
   */
  add(event: PatchEvent, message: Uint8Array): number {
    const { bank, deviceKey } = event;
    for (const { kind, key } of event.deviceAliases ?? []) {
      const id = `${bank}/${kind}/${key}/${deviceKey}`;
      if (!this.aliasLinks.has(id))
        this.aliasLinks.set(id, { bank, deviceKey, aliasKind: kind, aliasKey: key });
    }
    return event.eventType === 'patch.update_attempt'
      ? this.addAttempt(event, copyHashOf(message))
      : this.addInventory(toInventoryRow(event));
  }

  rows(): FactBatch {
    return {
      reports: this.reports,
      inventories: this.inventories,
      aliasLinks: [...this.aliasLinks.values()],
      kbLinks: [...this.kbLinks.values()],
    };
  }

  private addInventory(row: InventoryRow): number {
    this.inventories.push(row);
    return row.receivedAtMs;
  }

  private addAttempt(event: AttemptEvent, copyHash: string): number {
    const report = toReport(event, copyHash);
    this.reports.push({
      report,
      updateTitle: event.updateTitle ?? '',
      excerpt: event.excerpt ?? [],
      wsusServer: wsusServerOf(event),
    });
    const { bank, updateId, updateRevision, kbKey } = report;
    if (updateId !== '' && kbKey.startsWith('KB')) {
      const id = `${bank}/${updateId}/${updateRevision}/${kbKey}`;
      if (!this.kbLinks.has(id)) this.kbLinks.set(id, { bank, updateId, updateRevision, kb: kbKey });
    }
    return report.receivedAtMs;
  }
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
