import type { RemedyEvent } from '#domain/remedies/remedy-event.js';
import type { Signature } from '#domain/report.js';
import type { AlertView, AliasLink, CanonicalDevice, InventoryRow, KbLink } from '../attempt-store.js';
import { column } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { bool, float64, nullableTime, text, texts, time, uint32, uint64, uint8 } from './native-block.js';

export const INVENTORY_COLUMNS: readonly Column<InventoryRow>[] = [
  column('bank', text, (row) => row.bank),
  column('device_key', text, (row) => row.deviceKey),
  column('event_id', text, (row) => row.eventId),
  column('taken_at', time, (row) => row.takenAtMs),
  column('received_at', time, (row) => row.receivedAtMs),
  column('os_instance', text, (row) => row.osInstance),
  column('os_build', text, (row) => row.osBuild),
  column('os_name', text, (row) => row.osName),
  column('os_edition', text, (row) => row.osEdition),
  column('model', text, (row) => row.model),
  column('manufacturer', text, (row) => row.manufacturer),
  column('branch', text, (row) => row.branch),
  column('pending_reboot', bool, (row) => row.pendingReboot),
  column('event', text, (row) => row.event),
];

export const ALIAS_COLUMNS: readonly Column<AliasLink>[] = [
  column('bank', text, (row) => row.bank),
  column('alias_kind', text, (row) => row.aliasKind),
  column('alias_key', text, (row) => row.aliasKey),
  column('device_key', text, (row) => row.deviceKey),
];

export const KB_LINK_COLUMNS: readonly Column<KbLink>[] = [
  column('bank', text, (row) => row.bank),
  column('update_id', text, (row) => row.updateId),
  column('update_revision', uint32, (row) => row.updateRevision),
  column('kb', text, (row) => row.kb),
];

export const CANONICAL_COLUMNS: readonly Column<CanonicalDevice>[] = [
  column('bank', text, (row) => row.bank),
  column('device_key', text, (row) => row.deviceKey),
  column('canonical_key', text, (row) => row.canonicalKey),
  column('version', uint64, (row) => row.version),
];

export const SIGNATURE_COLUMNS: readonly Column<Signature>[] = [
  column('signature_id', text, (row) => row.id),
  column('l1', text, (row) => row.l1),
  column('l2', text, (row) => row.l2),
  column('l3', text, (row) => row.l3),
  column('fineness', uint8, (row) => row.fineness),
  column('reason', text, (row) => row.reason),
];

export const REMEDY_COLUMNS: readonly Column<RemedyEvent>[] = [
  column('bank', text, (event) => event.bank),
  column('kb', text, (event) => event.targetKb),
  column('device_key', text, (event) => event.deviceKey),
  column('event_id', text, (event) => event.eventId),
  column('kind', text, (event) => (event.eventType === 'RemediationApplied' ? 'applied' : 'outcome')),
  column('remedy_id', text, (event) => event.remedyId),
  column('at', time, (event) =>
    Date.parse(event.eventType === 'RemediationApplied' ? event.appliedAt : event.observedAt),
  ),
  column('fixed', bool, (event) => event.eventType === 'RemediationOutcome' && event.fixed),
  column('received_at', time, (event) => Date.parse(event.receivedAt)),
];

export const ALERT_COLUMNS: readonly Column<AlertView & { eventNo: number }>[] = [
  column('alert_id', text, (row) => row.alertId),
  column('bank', text, (row) => row.bank),
  column('build', text, (row) => row.build),
  column('kb', text, (row) => row.kb),
  column('signature_id', text, (row) => row.signature.id),
  column('signature_l1', text, (row) => row.signature.l1),
  column('signature_l2', text, (row) => row.signature.l2),
  column('signature_l3', text, (row) => row.signature.l3),
  column('fineness', uint8, (row) => row.signature.fineness),
  column('reason', text, (row) => row.signature.reason),
  column('tier', text, (row) => row.tier),
  column('state', text, (row) => row.state),
  column('opened_at', time, (row) => Date.parse(row.openedAt)),
  column('resolved_at', nullableTime, (row) => (row.resolvedAt === null ? null : Date.parse(row.resolvedAt))),
  column('failed', uint32, (row) => row.failed),
  column('installs', uint32, (row) => row.installs),
  column('expected', float64, (row) => row.expected),
  column('ln_p', float64, (row) => row.lnP),
  column('text', text, (row) => row.text),
  column('deliveries', texts, (row) => row.deliveries),
  column('event_no', uint64, (row) => row.eventNo),
];
