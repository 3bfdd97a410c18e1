import type { Generation } from '#domain/generation.js';

/** Database of the public views (Grafana, BI tools). */
export const PUBLIC_DATABASE = 'rollcall';
export const databaseOf = (generation: Generation): string => `rollcall_${generation}`;

/** Tables that hold a bank's rows: each needs a row filter per bank reader. */
export const BANK_TABLES = [
  'reports',
  'inventories',
  'device_aliases',
  'canonical_devices',
  'kb_links',
  'link_journal',
  'histories',
  'alert_states',
  'remedy_events',
] as const;

/** Tables without a bank column. */
export const SHARED_TABLES = ['signatures', 'migrations', 'generation'] as const;

/** Views offered to Grafana and BI tools, by the same name in a generation's database and in `rollcall`. */
export const PUBLIC_VIEWS = [
  'attempts',
  'final_failures',
  'cohorts',
  'latest_outcomes',
  'funnel_daily',
  'devices',
  'alerts',
  'remedies',
  'freshness',
] as const;
