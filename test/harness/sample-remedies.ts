import { createPseudonyms } from '#domain/pseudonym.js';
import type { RemedyEvent, RemedyReport } from '#domain/remedies/remedy-event.js';
import { takeRemedy } from '#domain/remedies/take-remedy.js';
import { sampleTime } from './sample-events.js';

const arrival = {
  bank: 'bank-a',
  pseudonyms: createPseudonyms(Buffer.alloc(32, 1), false),
  receivedAt: sampleTime(3),
  honourReceivedAt: true,
  collector: { id: 'sample', version: '1' },
};

type Told<Type extends RemedyReport['eventType']> = Partial<Extract<RemedyReport, { eventType: Type }>>;

function take(report: RemedyReport): RemedyEvent {
  const taken = takeRemedy(report, { ...arrival, bank: report.bank ?? arrival.bank });
  if (!taken.ok) throw new Error(JSON.stringify(taken.issues));
  return taken.event;
}

/** A remedy used on device `d-<name>` two hours into the sample's time, as the collector would store it. */
export const sampleRemedy = (name: string, told: Told<'RemediationApplied'> = {}): RemedyEvent =>
  take({
    eventType: 'RemediationApplied',
    deviceKey: `d-${name}`,
    remedyId: 'reset_transaction_log',
    targetKb: 'KB5041578',
    appliedAt: sampleTime(2),
    ...told,
  });

/** What somebody says came of it. */
export const sampleOutcome = (name: string, told: Told<'RemediationOutcome'> = {}): RemedyEvent =>
  take({
    eventType: 'RemediationOutcome',
    deviceKey: `d-${name}`,
    remedyId: 'reset_transaction_log',
    targetKb: 'KB5041578',
    observedAt: sampleTime(4),
    fixed: false,
    ...told,
  });
