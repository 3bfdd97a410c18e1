import { STAGE_TABLE } from './stage-table.js';
import type { Stage } from './stage-table.js';

/** The closed word lists of a report. Order matters where said. Source: the field's own terms (WUfB reports, CBS, WSUS). */

/** Who observed it; the order is the rank, best witness first. `unknown` = the sender did not say. */
export const SOURCES = [
  'servicing',
  'cbs_log',
  'dism_log',
  'windows_update_client',
  'wusa',
  'windows_update_log',
  'agent',
  'wsus',
  'manual',
  'unknown',
] as const;
export type Source = (typeof SOURCES)[number];

export const OPERATIONS = ['install', 'uninstall', 'repair', 'unknown'] as const;
export type Operation = (typeof OPERATIONS)[number];

export const OUTCOMES = [
  'succeeded',
  'pending_reboot',
  'failed',
  'rolled_back',
  'cancelled',
  'not_applicable',
  'unknown',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export const ROLLBACKS = ['none', 'initiated', 'completed', 'failed', 'unknown'] as const;
export type Rollback = (typeof ROLLBACKS)[number];

export const TIME_SOURCES = ['utc', 'offset_in_log', 'csi_anchor', 'bank_zone', 'unknown'] as const;
export const DELIVERY_MODES = ['live', 'store_forward', 'file_import', 'replay', 'unknown'] as const;
export const CODE_KINDS = ['hresult', 'win32', 'ntstatus', 'unknown'] as const;
export type CodeKind = (typeof CODE_KINDS)[number];
export const CHANNELS = [
  'wsus',
  'wu',
  'msu_wusa',
  'dism',
  'configmgr',
  'pe_offline',
  'third_party',
  'unknown',
] as const;
export const ALIAS_KINDS = ['smbios', 'directory', 'wsus_computer', 'machine_guid'] as const;
export type AliasKind = (typeof ALIAS_KINDS)[number];
export const OBJECT_TYPES = [
  'installer',
  'component',
  'inf',
  'file',
  'folder',
  'service',
  'task',
  'unknown',
] as const;

export type { Stage };
export const STAGES = Object.keys(STAGE_TABLE) as [Stage, ...Stage[]];
