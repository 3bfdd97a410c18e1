import { describe, expect, it } from '@jest/globals';
import { inventoryReportSchema } from '#domain/attempt-event.js';
import { readAll } from '../evidence-fixtures.contract.js';
import { CbsLogReader } from './read-cbs-log.js';

const LCU = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.4499.1.5';
const KB = 'Package_for_KB5034763~31bf3856ad364e35~amd64~~10.0.1.4';
const OFFER = 'Package_for_KB5041578~31bf3856ad364e35~amd64~~10.0.1.0';
const record = (message: string, time = '09:20:00') =>
  `2024-02-20 ${time}, Info                  CBS    ${message}`;
const cached = (name: string, state: number, from = 'package applicability') =>
  record(`Read out cached ${from} for package: ${name}, ApplicableState: 112, CurrentState:${state}`);
const changed = (name: string, current: string, time: string) =>
  record(
    `Reporting package change completion for package: ${name}, current: ${current}, original: Installed, target: Absent, status: 0x0, failure source: Not Applicable, failure details: "(null)"`,
    time,
  );
const ANCHOR =
  '2024-02-20 09:19:00, Info                  CSI    00000001@2024/2/20:01:19:00.100 WcpInitialize';
const inventoriesOf = (...lines: string[]) =>
  readAll(Buffer.from(lines.join('\r\n')), new CbsLogReader()).inventories;

describe('package states in a CBS log', () => {
  it('become one inventory: the last word on each package, at the time of the last one', () => {
    const [found, ...others] =
      inventoriesOf(
        ANCHOR,
        cached(LCU, 80),
        cached(KB, 112, 'applicability from TiLight'),
        cached(OFFER, 0),
        cached(LCU, 112),
        changed(KB, 'Absent', '09:30:00'),
        record('Session: 1_1 initialized by client WindowsUpdateAgent.', '09:40:00'),
      ) ?? [];
    expect(others).toEqual([]);
    expect(found).toEqual({
      line: 6,
      takenAt: '2024-02-20T01:30:00.000Z',
      inventory: {
        eventType: 'patch.device_inventory',
        source: 'cbs_log',
        packages: [
          { identity: LCU, state: 'Installed' },
          { identity: KB, kb: 'KB5034763', state: 'Absent' },
        ],
      },
    });
    const whole = { deviceKey: 'pc-1', ...found?.inventory, takenAt: found?.takenAt };
    expect(inventoryReportSchema.safeParse(whole).error?.issues).toBeUndefined();
  });

  it.each([
    [0, undefined],
    [5, 'Uninstall Pending'],
    [64, 'Staged'],
    [80, 'Superseded'],
    [96, 'Install Pending'],
    [101, 'Partially Installed'],
    [112, 'Installed'],
    [-112, '-112'],
    [7, undefined],
  ])('state %i is %s', (value, state) => {
    expect(inventoriesOf(cached(KB, value))?.[0]?.inventory.packages?.[0]?.state).toBe(state);
  });

  it('without a known offset it has no time of its own; a log that states nothing gives none', () => {
    expect(inventoriesOf(cached(KB, 112))?.[0]).not.toHaveProperty('takenAt');
    expect(inventoriesOf(ANCHOR, cached(OFFER, 0))).toEqual([]);
  });

  it('is counted as understood, and bounded', () => {
    const many = Array.from({ length: 3_000 }, (_, at) => cached(`${KB}${at}`, 112));
    const { account, inventories } = readAll(Buffer.from(many.join('\n')), new CbsLogReader());
    expect(account).toMatchObject({ records: 3_000, understood: 3_000, notUnderstood: 0, reports: 0 });
    expect(inventories?.[0]?.inventory.packages).toHaveLength(2_000);
  });
});
