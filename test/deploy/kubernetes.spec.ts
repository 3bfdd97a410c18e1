import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { collectorConfigSchema } from '../../apps/collector/collector.config.js';
import { consoleConfigSchema } from '../../apps/console/console.config.js';
import { projectorConfigSchema } from '../../apps/projector/projector.config.js';
import { readYaml } from '../harness/read-yaml.js';

const FOLDER = 'deploy/kubernetes';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
const labels = z.record(z.string(), z.string());
const metadata = z.strictObject({
  name,
  namespace: z.literal('rollcall').optional(),
  labels: labels.optional(),
});
const quantity = z.string().regex(/^\d+(m|Mi|Gi)?$/);
const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.enum(['/healthz', '/readyz']), port: z.literal('http') }),
  periodSeconds: z.number().int().positive().optional(),
  failureThreshold: z.number().int().positive().optional(),
  timeoutSeconds: z.number().int().positive().optional(),
});
const variable = z.union([
  z.strictObject({ name: z.string().startsWith('ROLLCALL_'), value: z.string() }),
  z.strictObject({
    name: z.string().startsWith('ROLLCALL_'),
    valueFrom: z.union([
      z.strictObject({ secretKeyRef: z.strictObject({ name, key: z.string() }) }),
      z.strictObject({ fieldRef: z.strictObject({ fieldPath: z.literal('metadata.name') }) }),
    ]),
  }),
]);
const container = z.strictObject({
  name,
  image: z.string(),
  command: z.array(z.string()).min(1),
  envFrom: z.array(z.strictObject({ configMapRef: z.strictObject({ name }) })).optional(),
  env: z.array(variable),
  ports: z.array(z.strictObject({ name: z.literal('http'), containerPort: z.number().int() })).default([]),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }) }),
    })
    .optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: quantity, memory: quantity }),
    // No limit of CPU: throttling makes every answer late while a core idles.
    limits: z.strictObject({ memory: quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(
    z.strictObject({ name, mountPath: z.string().startsWith('/'), readOnly: z.boolean().optional() }),
  ),
});
const podSpec = z.strictObject({
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.number().int().positive(),
    fsGroup: z.number().int().positive(),
    seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
  }),
  automountServiceAccountToken: z.literal(false),
  terminationGracePeriodSeconds: z.number().int().min(15).optional(),
  topologySpreadConstraints: z.array(z.unknown()).optional(),
  restartPolicy: z.enum(['OnFailure', 'Never']).optional(),
  containers: z.tuple([container]),
  volumes: z.array(
    z.union([
      z.strictObject({ name, emptyDir: z.strictObject({ sizeLimit: quantity }) }),
      z.strictObject({
        name,
        secret: z.strictObject({ secretName: name, defaultMode: z.number().int().max(0o777) }),
      }),
    ]),
  ),
});
const template = z.strictObject({ metadata: z.strictObject({ labels }), spec: podSpec });
const selector = z.strictObject({ matchLabels: labels });
const workload = {
  replicas: z.number().int().min(2),
  selector,
  template,
};

/** The kinds that the folder uses, strictly: a misspelt field is an error, as it is for the API server. */
const manifest = z.discriminatedUnion('kind', [
  z.strictObject({
    apiVersion: z.literal('apps/v1'),
    kind: z.literal('Deployment'),
    metadata,
    spec: z.strictObject({ ...workload, strategy: z.unknown().optional() }),
  }),
  z.strictObject({
    apiVersion: z.literal('apps/v1'),
    kind: z.literal('StatefulSet'),
    metadata,
    spec: z.strictObject({
      ...workload,
      serviceName: name,
      podManagementPolicy: z.literal('Parallel'),
      volumeClaimTemplates: z.array(z.looseObject({ metadata: z.strictObject({ name }) })),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('batch/v1'),
    kind: z.literal('Job'),
    metadata,
    spec: z.strictObject({
      backoffLimit: z.number().int(),
      ttlSecondsAfterFinished: z.number().int(),
      template,
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Service'),
    metadata,
    spec: z.strictObject({
      clusterIP: z.literal('None').optional(),
      selector: labels,
      ports: z.array(
        z.strictObject({ name: z.literal('http'), port: z.number().int(), targetPort: z.literal('http') }),
      ),
    }),
  }),
  z.strictObject({
    apiVersion: z.literal('policy/v1'),
    kind: z.literal('PodDisruptionBudget'),
    metadata,
    spec: z.strictObject({ maxUnavailable: z.literal(1), selector }),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('ConfigMap'),
    metadata,
    data: z.record(z.string().startsWith('ROLLCALL_'), z.string()),
  }),
  z.strictObject({
    apiVersion: z.literal('v1'),
    kind: z.literal('Secret'),
    metadata,
    stringData: z.record(z.string(), z.literal('')),
  }),
  z.strictObject({ apiVersion: z.literal('v1'), kind: z.literal('Namespace'), metadata }),
  z.strictObject({
    apiVersion: z.literal('networking.k8s.io/v1'),
    kind: z.literal('NetworkPolicy'),
    metadata,
    spec: z.looseObject({ policyTypes: z.tuple([z.literal('Ingress')]) }),
  }),
]);
type Manifest = z.output<typeof manifest>;
type Workload = Extract<Manifest, { kind: 'Deployment' | 'StatefulSet' }>;

const CONFIGS = {
  collector: collectorConfigSchema,
  projector: projectorConfigSchema,
  console: consoleConfigSchema,
} as const;

/**
 * The shape of the manifests, and that they name what is there. The API server's own schema is not in the packages of
 * this project, so the shapes above are ours: narrower, written for these files.
 */
describe('deploy/kubernetes', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  const manifests: Manifest[] = [];
  beforeAll(async () => {
    for (const file of files) {
      for (const document of await readYaml(join(FOLDER, file))) {
        const read = manifest.safeParse(document);
        if (!read.success) throw new Error(`${file}: ${z.prettifyError(read.error)}`);
        manifests.push(read.data);
      }
    }
  });
  const ofKind = <K extends Manifest['kind']>(kind: K) =>
    manifests.filter((one): one is Extract<Manifest, { kind: K }> => one.kind === kind);
  const workloads = (): Workload[] => [...ofKind('Deployment'), ...ofKind('StatefulSet')];
  const containers = () =>
    [...workloads(), ...ofKind('Job')].map((one) => one.spec.template.spec.containers[0]);

  it('has every file in the kustomization but the example of secrets', async () => {
    const [kustomization] = await readYaml(join(FOLDER, 'kustomization.yaml'));
    const { resources } = kustomization as { resources: string[] };
    expect([...resources].sort()).toEqual(files.filter((file) => file !== 'secret.example.yaml').sort());
  });

  it('runs the three roles, each with probes, a budget for disruptions and a service that finds it', () => {
    expect(
      workloads()
        .map((one) => one.metadata.name)
        .sort(),
    ).toEqual(['collector', 'console', 'projector']);
    for (const {
      metadata: { name: role },
      spec,
    } of workloads()) {
      const { labels: own } = spec.template.metadata;
      const [{ startupProbe, livenessProbe, readinessProbe, ports }] = spec.template.spec.containers;
      expect([startupProbe, livenessProbe].map((one) => one?.httpGet.path)).toEqual(['/healthz', '/healthz']);
      expect(readinessProbe?.httpGet.path).toBe('/readyz');
      expect(spec.selector.matchLabels).toEqual(own);
      const budget = ofKind('PodDisruptionBudget').find((one) => one.metadata.name === role);
      expect(budget?.spec.selector.matchLabels).toEqual(own);
      const service = ofKind('Service').find((one) => one.metadata.name === role);
      expect(service?.spec.selector).toEqual(own);
      expect(service?.spec.ports.map(({ port }) => port)).toEqual(
        ports.map(({ containerPort }) => containerPort),
      );
    }
  });

  it('gives each role a configuration that it takes, and no variable that nobody reads', () => {
    const shared = ofKind('ConfigMap')[0]?.data ?? {};
    const known = [
      ...Object.keys(CONFIGS).map((role) => `apps/${role}/${role}.config.ts`),
      'libs/event-log/log-address.ts',
    ]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    for (const {
      metadata: { name: role },
      spec,
    } of workloads()) {
      const [{ env }] = spec.template.spec.containers;
      const own = env.map((one) => [one.name, 'value' in one ? one.value : exampleOf(one.name)]);
      const environment = { ...shared, ROLLCALL_HOST: '0.0.0.0', ...Object.fromEntries(own) } as Record<
        string,
        string
      >;
      for (const variable of Object.keys(environment)) expect(known).toContain(`${variable}:`);
      const read = CONFIGS[role as keyof typeof CONFIGS].safeParse(environment);
      expect(read.error === undefined ? '' : `${role}: ${z.prettifyError(read.error)}`).toBe('');
    }
  });

  const exampleOf = (variable: string): string =>
    variable === 'ROLLCALL_CLICKHOUSE' ? 'http://user:password@clickhouse:8123' : 'pod-0';

  it('names only secrets, keys and volumes that there are', () => {
    const secrets = new Map(ofKind('Secret').map((one) => [one.metadata.name, Object.keys(one.stringData)]));
    for (const one of [...workloads(), ...ofKind('Job')]) {
      const {
        containers: [{ env, volumeMounts }],
        volumes,
      } = one.spec.template.spec;
      const claims =
        one.kind === 'StatefulSet' ? one.spec.volumeClaimTemplates.map((claim) => claim.metadata) : [];
      const mountable = [...volumes, ...claims].map((volume) => volume.name);
      expect(volumeMounts.map((mount) => mount.name).sort()).toEqual(mountable.sort());
      for (const volume of volumes)
        if ('secret' in volume) expect([...secrets.keys()]).toContain(volume.secret.secretName);
      for (const entry of env)
        if ('valueFrom' in entry && 'secretKeyRef' in entry.valueFrom) {
          const { secretKeyRef } = entry.valueFrom;
          expect(secrets.get(secretKeyRef.name)).toContain(secretKeyRef.key);
        }
    }
  });

  it('starts files that the build makes, all of one image', () => {
    expect(new Set(containers().map(({ image }) => image)).size).toBe(1);
    for (const { command } of containers()) {
      const script = command.find((word) => word.startsWith('dist/'));
      if (script === undefined) expect(command[0]).toBe('rollcall');
      else expect(existsSync(script.replace('dist/', '').replace('.js', '.ts'))).toBe(true);
    }
  });

  it('leaves a container more memory than its heap', () => {
    for (const { command, resources } of containers()) {
      const heap = /max-old-space-size=(\d+)/.exec(command.join(' '))?.[1];
      if (heap === undefined) continue;
      const limit = Number(resources.limits.memory.replace('Mi', ''));
      expect(limit).toBeGreaterThanOrEqual(Number(heap) * 1.5);
    }
  });
});
