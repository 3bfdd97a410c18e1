import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { looksAWeek } from '#domain/spikes/alarm-budget.js';
import { benchSpikes } from '../spikes-bench.js';
import { HOUR_MS, readScenario, scenariosIn } from './scenario.js';
import type { LabelledReport } from './scenario.js';
import { watchInMemory } from './watch-in-memory.js';

const run = { quick: false, note: () => undefined };
const BANKS = ['north', 'south', 'west'];
const CODES = ['0x80070002', '0x80073712'];
const HOURS = 900;
const INCIDENT = { code: '0x80071ab1', bank: 'north', from: 760, to: 790 };

/** Three banks for five weeks: a device tries every other hour, one in forty fails; 0x80071ab1 rises at one bank. */
function rowsOf(withIncident: boolean): { line: string; isInjected: boolean }[] {
  return Array.from({ length: HOURS * 3 }, (_, index) => {
    const hour = Math.floor(index / 3);
    const bank = BANKS[index % 3] ?? '';
    const isInjected =
      withIncident && bank === INCIDENT.bank && hour >= INCIDENT.from && hour < INCIDENT.to && hour % 2 === 0;
    const usual = index % 40 === 0 ? CODES[(index / 40) % 2] : 'ok';
    const line = [
      hour + (index % 4),
      hour,
      index % 600,
      bank,
      '19044.1',
      'KB5000001',
      isInjected ? INCIDENT.code : usual,
    ];
    return { line: line.join(','), isInjected };
  }).sort((left, right) => Number(left.line.split(',')[0]) - Number(right.line.split(',')[0]));
}

const HEAD = 'arrived,occurred,device,bank,build,kb,outcome';
const INCIDENTS_HEAD =
  'incident,bank,build,kb,signature,p_extra,base_rate,injected_devices,first_arrival,last_arrival,scored';

describe('a folder of scenarios of any name and size', () => {
  let folder = '';
  const write = (file: string, lines: readonly string[]) => {
    const text = `${lines.join('\n')}\n`;
    writeFileSync(join(folder, file), file.endsWith('.gz') ? gzipSync(text) : text);
  };
  const writeScenario = (name: string, withIncident: boolean, packed: string) => {
    const rows = rowsOf(withIncident);
    const injected = rows.flatMap(({ line, isInjected }, index) =>
      isInjected ? [{ row: index + 1, arrived: Number(line.split(',')[0]) }] : [],
    );
    const [first, last] = [injected[0]?.arrived ?? 0, injected.at(-1)?.arrived ?? 0];
    write(`${name}.reports.csv${packed}`, [HEAD, ...rows.map(({ line }) => line)]);
    write(`${name}.labels.csv${packed}`, ['row,incident', ...injected.map(({ row }) => `${row},one`)]);
    write(`${name}.incidents.csv`, [
      INCIDENTS_HEAD,
      ...(withIncident
        ? [`one,north,*,*,${INCIDENT.code},0.5,0.00001,${injected.length},${first},${last},1`]
        : []),
    ]);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-spikes-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is scored: files may be packed or not, and meta.json may be missing', async () => {
    writeScenario('held back', true, '');
    writeScenario('another', false, '.gz');
    const result = await benchSpikes(run, folder);
    if (!('figures' in result)) throw new Error(`not run: ${JSON.stringify(result)}`);
    expect(result.figures).toMatchObject({
      recall: { median: 1, met: true },
      precision: { median: 1, met: true },
      scopeExact: { median: 1 },
      falseAWeek: { median: 0, met: true },
      falseAWeekWithoutIncidents: { median: 0 },
    });
    expect(result.details).toMatchObject({ scenarios: { 'held back page': { matched: 1, alerts: 1 } } });
  });

  it('without any incident claims neither recall nor precision', async () => {
    writeScenario('quiet', false, '.gz');
    const result = await benchSpikes(run, folder);
    if (!('figures' in result)) throw new Error(`not run: ${JSON.stringify(result)}`);
    expect(result.figures['falseAWeek']).toMatchObject({ median: 0, met: true });
    expect(Object.keys(result.figures)).not.toContain('recall');
    expect(Object.keys(result.figures)).not.toContain('precision');
  });

  it('is refused by the name of what is missing', async () => {
    await expect(benchSpikes(run, folder)).resolves.toHaveProperty('skipped');
    await expect(benchSpikes(run, join(folder, 'nowhere'))).resolves.toHaveProperty('skipped');
    writeScenario('a', true, '.gz');
    write('a.meta.json', ['{']);
    await expect(benchSpikes(run, folder)).rejects.toThrow('a.meta.json is no JSON');
    unlinkSync(join(folder, 'a.meta.json'));
    write('a.incidents.csv', ['incident,bank']);
    await expect(benchSpikes(run, folder)).rejects.toThrow('no column build, kb, signature');
    unlinkSync(join(folder, 'a.labels.csv.gz'));
    await expect(benchSpikes(run, folder)).rejects.toThrow('a.labels.csv (or .gz) is missing');
    writeScenario('a', true, '.gz');
    write('a.reports.csv.gz', [HEAD, 'soon,1,2,b,19044.1,KB1,ok']);
    await expect(benchSpikes(run, folder)).rejects.toThrow('row 1 has no hour');
  });

  it('gives the same alerts twice, and after shuffling what arrived in one hour', async () => {
    writeScenario('a', true, '.gz');
    const [name = ''] = scenariosIn(folder);
    const { reports } = readScenario(folder, name);
    const watched = async (shuffled: readonly LabelledReport[]) => {
      const { events } = await watchInMemory({
        reports: shuffled,
        fromMs: 0,
        untilMs: HOURS * HOUR_MS,
        lookEveryMs: HOUR_MS,
        looksAWeek: looksAWeek(HOUR_MS),
        decideFromMs: 672 * HOUR_MS,
        isLearning: () => false,
      });
      return events;
    };
    const once = await watched(reports);
    expect(once.map(({ event }) => event.type)).toContain('AlertRaised');
    expect(await watched(reports)).toEqual(once);
    const backwards = reports
      .map((report, index) => ({ report, index }))
      .sort((left, right) => left.report.arrivedMs - right.report.arrivedMs || right.index - left.index)
      .map(({ report }) => report);
    expect(await watched(backwards)).toEqual(once);
  });
});
