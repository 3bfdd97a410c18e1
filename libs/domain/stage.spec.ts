import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stageOf } from './stage.js';
import type { StageFacts } from './stage.js';
import { STAGE_TABLE } from './stage-table.js';
import { OUTCOMES, STAGES } from './words.js';

const stage = (facts: Partial<StageFacts>): string => stageOf({ outcome: 'failed', ...facts });

describe('stageOf', () => {
  it.each<[string, string, Partial<StageFacts>]>([
    [
      'advanced_installers',
      'the flag of failed installers',
      {
        lastForwardExecuteState: 'CbsExecuteStateResolvePending',
        executeStateFlags: ['CbsExecuteStateInitiateRollback', 'CbsExecuteStateFlagAdvancedInstallersFailed'],
      },
    ],
    [
      'advanced_installers',
      'a failing installer',
      {
        failureSource: 'CSI Other',
        failingObject: { type: 'installer', name: 'HTTP Installer' },
      },
    ],
    [
      'driver_queue_critical',
      'failure source DOQ, also after the primitives',
      {
        failureSource: 'DOQ',
        lastForwardExecuteState: 'CbsExecuteStatePrimitives',
      },
    ],
    [
      'driver_queue_critical',
      'failure source DOQ while resolving what is pending',
      {
        failureSource: 'DOQ',
        lastForwardExecuteState: 'CbsExecuteStateResolvePending',
      },
    ],
    [
      'driver_queue_critical',
      'the name of the operation',
      {
        failingObject: { type: 'inf', name: 'cpu.inf' },
        innerErrors: [{ origin: 'DriverUpdateUninstallUpdates' }],
      },
    ],
    [
      'driver_queue_critical',
      'the same name as a person writes it',
      { innerErrors: [{ origin: 'Driver Update Uninstall Updates failed' }] },
    ],
    ['driver_queue_critical', 'the name of the trace', { failureSource: 'Doq Critical Uninstall' }],
    ['stage_drivers', 'the name of the trace', { failureSource: 'Doq Stage' }],
    ['dpx_expand', 'the name of the trace', { failureSource: 'DPX Expansion' }],
    [
      'stage_drivers',
      'drivers prepared before the restart',
      {
        failureSource: 'DOQ',
        lastForwardExecuteState: 'CbsExecuteStateStageDrivers',
      },
    ],
    ['primitives', 'the last forward state', { lastForwardExecuteState: 'CbsExecuteStatePrimitives' }],
    ['poqexec', 'the program that failed', { failingObject: { type: 'file', name: 'poqexec.exe' } }],
    ['resolve', 'the failure source', { failureSource: 'Resolve' }],
    ['dpx_expand', 'the origin of the inner error', { innerErrors: [{ origin: 'DPX' }] }],
    [
      'rollback',
      'a rollback with nothing else known',
      { executeStateFlags: ['CbsExecuteStateInitiateRollback'] },
    ],
    ['rollback', 'a rollback that failed itself', { rollback: 'failed' }],
    ['unknown', 'nothing', {}],
    ['unknown', 'a failure source that does not tell where', { failureSource: 'CSI Other' }],
    [
      'unknown',
      'a state that leads to several',
      { lastForwardExecuteState: 'CbsExecuteStateResolvePending' },
    ],
    [
      'unknown',
      'a rollback of which only the outcome is known',
      { outcome: 'rolled_back', rollback: 'completed' },
    ],
  ])('is %s by %s', (expected, _why, facts) => {
    expect(stage(facts)).toBe(expected);
  });

  it('is the sender’s own word when it is known', () => {
    expect(stage({ stage: 'download', failureSource: 'DOQ' })).toBe('download');
    expect(stage({ stage: 'unknown', failureSource: 'DOQ' })).toBe('driver_queue_critical');
  });

  it('is where a waiting update stands, and nothing for one that did not fail', () => {
    expect(stage({ outcome: 'pending_reboot' })).toBe('pending_reboot');
    expect(stage({ outcome: 'succeeded', failureSource: 'DOQ' })).toBe('unknown');
    expect(stage({ outcome: 'not_applicable' })).toBe('unknown');
  });

  it('never reads a code', () => {
    const facts = { outcome: 'failed', hresult: '0x800f0922' };
    expect(stageOf(facts)).toBe('unknown');
  });

  it('is one of the list, and does not depend on the order of flags and errors', () => {
    const words = fc.oneof(
      fc.string(),
      fc.constantFrom('DOQ', 'poqexec', 'CbsExecuteStateFlagDriversFailed', 'Shtd'),
    );
    const property = fc.property(
      fc.constantFrom(...OUTCOMES),
      fc.array(words),
      fc.array(fc.record({ origin: words })),
      words,
      (outcome, executeStateFlags, innerErrors, failureSource) => {
        const told = stageOf({ outcome, executeStateFlags, innerErrors, failureSource });
        expect(STAGES).toContain(told);
        const turned = {
          executeStateFlags: executeStateFlags.toReversed(),
          innerErrors: innerErrors.toReversed(),
        };
        expect(stageOf({ outcome, failureSource, ...turned })).toBe(told);
      },
    );
    fc.assert(property);
  });
});

describe('the table of stages', () => {
  it('stands in the order of its ranks, each with what it rests on', () => {
    const rows = Object.values(STAGE_TABLE);
    const ranks = rows.map(({ rank }) => rank);
    expect(ranks).toEqual([...new Set(ranks)].toSorted((left, right) => left - right));
    for (const { evidence } of rows) expect(evidence).not.toBe('');
  });

  it('says which part of the order is inferred', () => {
    const inferred = Object.values(STAGE_TABLE).filter(({ order }) => order === 'inferred');
    expect(inferred.map(({ rank }) => rank)).toEqual([800, 820, 840, 860]);
  });
});
