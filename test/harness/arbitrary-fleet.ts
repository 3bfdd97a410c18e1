import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { AttemptEvent, InventoryEvent, PatchEvent } from '#domain/attempt-event.js';
import { sampleAttempt, sampleInventory, sampleTime } from './sample-events.js';

const UPDATES = ['3021adfb-0000-4000-8000-000000000001', '3021adfb-0000-4000-8000-000000000002'];
const KBS = ['KB5041578', 'KB5043050'];
const CODES = ['0x80071ab1', '0x800f0922', '0x80070643', '0x80070002'];

/**
 * Few devices, KBs and codes, so that everything meets everything: failures and successes of several sources, coarse
 * and fine evidence, unnamed updates that get a KB later, copies, devices under two keys, reports without a build.
 */
const attempt: fc.Arbitrary<AttemptEvent> = fc
  .record({
    device: fc.integer({ min: 0, max: 5 }),
    bank: fc.constantFrom('bank-a', 'bank-b'),
    update: fc.integer({ min: 0, max: 1 }),
    naming: fc.constantFrom('kb', 'kb', 'both', 'update'),
    hour: fc.integer({ min: 0, max: 900 }),
    arrivesAfterHours: fc.integer({ min: 0, max: 96 }),
    source: fc.constantFrom('windows_update_client', 'cbs_log', 'windows_update_log', 'wsus'),
    outcome: fc.constantFrom('failed', 'failed', 'rolled_back', 'succeeded', 'pending_reboot', 'unknown'),
    code: fc.constantFrom(...CODES),
    fine: fc.boolean(),
    timed: fc.integer({ min: 0, max: 9 }),
    alias: fc.option(fc.integer({ min: 0, max: 7 }), { nil: null, freq: 3 }),
    hasBuild: fc.boolean(),
    operation: fc.constantFrom('install', 'install', 'install', 'unknown', 'uninstall'),
  })
  .map((parts) => {
    const id = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
    const failed = parts.outcome === 'failed' || parts.outcome === 'rolled_back';
    return sampleAttempt(`dev-${parts.device}`, {
      eventId: id,
      bank: parts.bank,
      source: parts.source as AttemptEvent['source'],
      outcome: parts.outcome as AttemptEvent['outcome'],
      operation: parts.operation as AttemptEvent['operation'],
      targetKb: parts.naming === 'update' ? undefined : KBS[parts.update],
      ...(parts.naming === 'kb' ? {} : { updateId: UPDATES[parts.update], updateRevision: 200 }),
      occurredAt: parts.timed === 0 ? null : sampleTime(parts.hour),
      startedAt: parts.outcome === 'unknown' ? sampleTime(parts.hour) : undefined,
      receivedAt: sampleTime(parts.hour + parts.arrivesAfterHours),
      hresult: failed ? parts.code : undefined,
      osBuild: parts.hasBuild ? '17763.6054' : undefined,
      ...(failed && parts.fine
        ? {
            stage: 'poqexec' as const,
            innerErrors: [{ code: '0x80070422', kind: 'win32' as const }],
            failureSource: 'DOQ',
          }
        : {}),
      ...(parts.alias === null
        ? {}
        : {
            deviceAliases: [
              {
                kind: parts.alias > 5 ? ('smbios' as const) : ('machine_guid' as const),
                key: `alias-${parts.alias}`,
              },
            ],
          }),
    });
  });

const inventory: fc.Arbitrary<InventoryEvent> = fc
  .record({
    device: fc.integer({ min: 0, max: 5 }),
    bank: fc.constantFrom('bank-a', 'bank-b'),
    hour: fc.integer({ min: -24, max: 900 }),
    build: fc.constantFrom('17763.6054', '17763.6189'),
  })
  .map(({ device, bank, hour, build }) =>
    sampleInventory(`dev-${device}`, {
      eventId: createHash('sha256').update(`${device}/${bank}/${hour}/${build}`).digest('hex').slice(0, 32),
      bank,
      takenAt: sampleTime(hour),
      receivedAt: sampleTime(hour + 1),
      osBuild: build,
    }),
  );

export const arbitraryFleet: fc.Arbitrary<PatchEvent[]> = fc.array(
  fc.oneof({ weight: 6, arbitrary: attempt }, { weight: 1, arbitrary: inventory }),
  { minLength: 1, maxLength: 60 },
);
