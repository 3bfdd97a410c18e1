import type { Notification } from '#domain/alerts/alert-notification.js';

type Incident = Extract<Notification, { about: 'incident' }>;

/** An incident as a channel is handed it. */
export function sampleNotification(channel: string, changes: Partial<Incident> = {}): Incident {
  const eventNo = changes.eventNo ?? 1;
  const alertId = changes.alertId ?? 'abcdefghijklmnop';
  return {
    about: 'incident',
    deliveryId: `${alertId}-${eventNo}-${channel}`,
    alertId,
    eventNo,
    channel,
    kind: 'raised',
    tier: 'page',
    at: '2026-03-10T12:00:00.000Z',
    openedAt: '2026-03-10T12:00:00.000Z',
    bank: 'bank-a',
    build: '17763.6189',
    kb: 'KB5041578',
    basis: 'usual',
    signature: { id: 's', l1: '0x80071ab1', l2: '', l3: '' },
    failed: 17,
    installs: 240,
    expected: 0.8,
    lnP: -22.43,
    oneIn: '5×10^9',
    firstArrival: '2026-03-10T08:00:00.000Z',
    thirdArrival: '2026-03-10T09:00:00.000Z',
    windowHours: 6,
    reach: { banks: 1, builds: 1, kbs: 1 },
    branches: 2,
    otherBanks: 0,
    cohortId: 'bcdefghijklmnopq',
    link: 'https://rollcall.example/api/v1/cohorts/bcdefghijklmnopq?bank=bank-a',
    remedy: { id: 'reset_transaction_log', risk: 'medium', tried: 4, fixed: 3 },
    zh: { text: '银行 bank-a 有 17 次失败', details: ['级别：立即呼叫。'], nextStep: '起草案例' },
    en: { text: '17 of 240 installs failed', details: ['Tier: page.'], nextStep: 'Draft the case' },
    ...changes,
  };
}
