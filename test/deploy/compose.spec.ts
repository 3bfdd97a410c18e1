import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { createMetrics } from '#runtime/metrics.js';
import { collectorConfigSchema } from '../../apps/collector/collector.config.js';
import { consoleConfigSchema } from '../../apps/console/console.config.js';
import { projectorConfigSchema } from '../../apps/projector/projector.config.js';
import { readYaml } from '../harness/read-yaml.js';

const service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
  ports: z.array(z.string().startsWith('127.0.0.1:')).default([]),
});
const compose = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

/** The shape of the file, and that it names what is there. Nothing is started: that needs Docker. */
describe('deploy/compose.yaml', () => {
  let file: z.output<typeof compose>;
  beforeAll(async () => {
    file = compose.parse((await readYaml('deploy/compose.yaml'))[0]);
  });

  it('gives the apps a configuration that they take', () => {
    const configs = {
      collector: collectorConfigSchema,
      projector: projectorConfigSchema,
      console: consoleConfigSchema,
    };
    for (const [role, schema] of Object.entries(configs)) {
      const environment = Object.entries(file.services[role]?.environment ?? {}).map(
        ([name, value]) => [name, value.replace(/\$\{[^}]+\}/g, 'word')] as const,
      );
      const read = schema.safeParse(Object.fromEntries(environment));
      expect(read.error === undefined ? '' : `${role}: ${z.prettifyError(read.error)}`).toBe('');
    }
  });

  it('waits only for services that there are, and mounts only files and volumes that there are', () => {
    for (const { depends_on, volumes } of Object.values(file.services)) {
      for (const name of Object.keys(depends_on)) expect(Object.keys(file.services)).toContain(name);
      for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
        if (source.startsWith('.'))
          expect([source, existsSync(join('deploy', source))]).toEqual([source, true]);
        else expect(Object.keys(file.volumes)).toContain(source);
      }
    }
  });

  it('asks only for variables that the sample names, and the sample names no other', () => {
    const text = readFileSync('deploy/compose.yaml', 'utf8');
    const asked = new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name));
    const sample = readFileSync('deploy/sample.env', 'utf8');
    const named = new Set([...sample.matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name));
    expect(asked).toEqual(named);
    for (const [, password] of sample.matchAll(/PASSWORD=(.*)$/gm)) expect(password).toBe('');
  });
});

describe('deploy/prometheus', () => {
  it('asks for metrics that the apps have, and names runbooks that there are', async () => {
    const names = new Set(
      (await createMetrics('projector').registry.getMetricsAsJSON()).map((metric) => metric.name),
    );
    const rules = readFileSync('deploy/prometheus/rules.yaml', 'utf8');
    for (const [name] of rules.matchAll(/rollcall_[a-z_]+/g)) expect(names).toContain(name);
    for (const [, page] of rules.matchAll(/runbook: (\S+)/g))
      expect([page, existsSync(page ?? '')]).toEqual([page, true]);
    expect(await readYaml('deploy/prometheus/prometheus.yaml')).toHaveLength(1);
    expect(await readYaml('deploy/prometheus/rules.yaml')).toHaveLength(1);
  });
});
