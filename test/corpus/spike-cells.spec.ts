import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { lnPOf, WindowCells } from '#domain/spikes/scan/cells.js';
import { ReportCounting } from '#domain/spikes/scan/count-reports.js';
import { usualRates } from '#domain/spikes/scan/rates.js';
import { HOUR_MS, readScenario } from '../bench/spikes/scenario.js';

const SPIKES = '../shared/corpus/spikes';

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
    const counting = new ReportCounting();
    counting.add(reports.filter(({ arrivedMs }) => arrivedMs <= hour * HOUR_MS));
    const counts = counting.at(hour * HOUR_MS, []);
    const rates = usualRates(counts.baseline);
    const windows = new Map(
      counts.windows.map((counted) => {
        const window = new WindowCells(counted, rates);
        const cells = [...window.codes].flatMap((code) => window.cellsOf(code, window.failuresOf(code), 3));
        return [window.windowMs / HOUR_MS, new Map(cells.map((cell) => [idOf(cell), cell]))];
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
      const cell = windows.get(Number(hours))?.get(idOf({ series: signature, bank, build, kb }));
      if (!cell) throw new Error(`no cell for ${row}`);
      expect([cell.failed, cell.installs, cell.baselineFailed]).toEqual([failed, installs, f].map(Number));
      expect(Math.abs(cell.expected / Number(expected) - 1)).toBeLessThan(1e-9);
      expect(Math.abs(lnPOf(cell, Number(c2)) - Number(lnP))).toBeLessThanOrEqual(
        1e-6 * Math.abs(Number(lnP)),
      );
    }
  });
});

const idOf = (cell: { series: string; bank: string; build: string; kb: string }): string =>
  [cell.series, cell.bank, cell.build, cell.kb].join('|');
