import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Baseline } from '#domain/spikes/scan/baseline.js';
import { lnPOf, WindowCells } from '#domain/spikes/scan/window-cells.js';
import { HOUR_MS, readScenario } from '../bench/spikes/scenario.js';

const SPIKES = '../shared/corpus/spikes';
const BASELINE_HOURS = 28 * 24;
const LONGEST_WINDOW_HOURS = 72;
const LATE_HOURS = 168;

describe('golden cells of the spike corpus', () => {
  if (!existsSync(SPIKES)) {
    it('corpus not present: not checked', () => {
      console.log('corpus not present: golden cells of the spike scan not checked');
    });
    return;
  }
  it.each([
    ['s1-plain', 672, 68],
    ['s6-null', 888, 499],
  ])('%s at hour %d: every cell with three failing devices', (name, hour, count) => {
    const { reports } = readScenario(SPIKES, name);
    const arrived = (from: number, to: number) =>
      reports.filter(({ arrivedMs }) => arrivedMs > from * HOUR_MS && arrivedMs <= to * HOUR_MS);
    const baseline = new Baseline();
    const past = hour - LONGEST_WINDOW_HOURS;
    for (const report of arrived(past - BASELINE_HOURS, past)) baseline.change(report, 1);
    const windows = new Map(
      [6, 24, 72].map((hours) => {
        const tested = arrived(hour - hours, hour).filter(
          ({ arrivedMs, occurredMs }) => arrivedMs - occurredMs <= LATE_HOURS * HOUR_MS,
        );
        const window = new WindowCells(hours * HOUR_MS, tested, baseline);
        const cells = [...window.failures].flatMap(([signature, failures]) =>
          window.cellsOf(signature, failures, 3),
        );
        return [hours, new Map(cells.map((cell) => [idOf(cell), cell]))];
      }),
    );
    const rows = readFileSync(join(SPIKES, `golden-cells-${name}-${hour}.csv`), 'utf8')
      .trim()
      .split(/\r?\n/)
      .slice(1);
    expect(rows).toHaveLength(count);
    expect([...windows.values()].reduce((sum, cells) => sum + cells.size, 0)).toBe(count);
    for (const row of rows) {
      const [
        ,
        c2,
        hours,
        signature = '',
        bank = '',
        build = '',
        kb = '',
        failed,
        installs,
        expected,
        f,
        lnP,
      ] = row.split(',');
      const cell = windows.get(Number(hours))?.get(idOf({ signature, bank, build, kb }));
      if (!cell) throw new Error(`no cell for ${row}`);
      expect([cell.failed, cell.installs, cell.baselineFailed]).toEqual([failed, installs, f].map(Number));
      expect(Math.abs(cell.expected / Number(expected) - 1)).toBeLessThan(1e-9);
      expect(Math.abs(lnPOf(cell, Number(c2)) - Number(lnP))).toBeLessThanOrEqual(
        1e-6 * Math.abs(Number(lnP)),
      );
    }
  });
});

const idOf = (cell: { signature: string; bank: string; build: string; kb: string }): string =>
  [cell.signature, cell.bank, cell.build, cell.kb].join('|');
