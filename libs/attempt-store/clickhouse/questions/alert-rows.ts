import type { AlertView } from '../../attempt-store.js';

export interface AlertRow {
  readonly alert_id: string;
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signature_id: string;
  readonly signature_l1: string;
  readonly signature_l2: string;
  readonly signature_l3: string;
  readonly fineness: number;
  readonly reason: string;
  readonly tier: 'page' | 'ticket';
  readonly state: 'open' | 'resolved';
  readonly opened_at: string;
  readonly resolved_at: string | null;
  readonly failed: number;
  readonly installs: number;
  readonly expected: number;
  readonly ln_p: number;
  readonly text: string;
  readonly deliveries: string[];
}

export function alertFromRow(row: AlertRow): AlertView {
  return {
    alertId: row.alert_id,
    bank: row.bank,
    build: row.build,
    kb: row.kb,
    signature: {
      id: row.signature_id,
      l1: row.signature_l1,
      l2: row.signature_l2,
      l3: row.signature_l3,
      fineness: row.fineness,
      reason: row.reason,
    },
    tier: row.tier,
    state: row.state,
    openedAt: row.opened_at,
    resolvedAt: row.resolved_at,
    failed: row.failed,
    installs: row.installs,
    expected: row.expected,
    lnP: row.ln_p,
    text: row.text,
    deliveries: row.deliveries,
  };
}
