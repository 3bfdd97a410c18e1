import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PUBLIC_VIEWS } from '#attempt-store/clickhouse/tables.js';
import { allDashboards, dashboardJson } from './all-dashboards.js';
import type { ClickHouseTarget } from './clickhouse-query.js';
import { DATA_SOURCE, VARIABLES } from './clickhouse-query.js';

interface ShownPanel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly uid?: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit?: string } };
  readonly targets: readonly ClickHouseTarget[];
}
interface ShownDashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly ShownPanel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

const read = (name: string): ShownDashboard =>
  JSON.parse(readFileSync(`dashboards/generated/${name}.json`, 'utf8')) as ShownDashboard;
const names = Object.keys(allDashboards);

it('the committed files are what the source builds: else run "npm run dashboards"', () => {
  expect(readdirSync('dashboards/generated').sort()).toEqual(names.map((name) => `${name}.json`).sort());
  for (const [name, dashboard] of Object.entries(allDashboards)) {
    expect(readFileSync(`dashboards/generated/${name}.json`, 'utf8')).toBe(dashboardJson(dashboard));
  }
});

it('uids of dashboards are unique', () => {
  expect(new Set(names.map((name) => read(name).uid)).size).toBe(names.length);
});

it('the provisioned data source is the one the panels name', () => {
  const provisioning = readFileSync('deploy/grafana/provisioning/datasources/rollcall.yaml', 'utf8');
  expect(provisioning).toContain(`uid: ${DATA_SOURCE.uid}\n`);
  expect(provisioning).toContain(`type: ${DATA_SOURCE.type}\n`);
});

describe.each(names)('dashboard %s', (name) => {
  const { panels, templating } = read(name);

  it('offers bank, build and KB', () => {
    expect(templating.list.map((variable) => variable.name)).toEqual([...VARIABLES]);
  });

  it('says how old its data are', () => {
    expect(panels.map(({ title }) => title)).toContain('Data age');
  });

  it('has panels with an id of their own, a title, a description, a unit and one query', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const panel of panels) {
      expect(panel.title?.trim()).toBeTruthy();
      expect((panel.description ?? '').length).toBeGreaterThan(30);
      expect(panel.fieldConfig.defaults.unit).toBeTruthy();
      expect(panel.datasource).toEqual(DATA_SOURCE);
      expect(panel.targets).toHaveLength(1);
    }
  });

  it('lays them out without overlap, within the width', () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          const cell = `${x}/${y}`;
          expect([cell, title, taken.has(cell)]).toEqual([cell, title, false]);
          taken.add(cell);
        }
      }
    }
  });

  it('reads public views only, and names no bank', () => {
    for (const { rawSql } of panels.flatMap(({ targets }) => targets)) {
      const sources = [...rawSql.matchAll(/\b(?:FROM|JOIN)\s+(\S+)/g)].map(([, source]) => source);
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) expect(PUBLIC_VIEWS.map((view) => `rollcall.${view}`)).toContain(source);
      expect(rawSql).not.toMatch(/bank\s*(?:=|LIKE|IN\s*\()\s*'/i);
    }
  });

  it('filters every panel but the data age by all variables', () => {
    for (const { title, targets } of panels) {
      if (title === 'Data age') continue;
      const used = VARIABLES.filter((variable) => targets[0]?.rawSql.includes(`\${${variable}:singlequote}`));
      // A device has a build but no KB of its own.
      expect(used).toEqual(
        targets[0]?.rawSql.includes('rollcall.devices') ? ['bank', 'build'] : [...VARIABLES],
      );
    }
  });
});
