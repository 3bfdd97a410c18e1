interface StageRow {
  /** Place in the funnel: the order in which Windows goes through the stages. */
  readonly rank: number;
  /** `inferred` = read from trace names and log lines, not documented; hold it against boot logs before relying on it. */
  readonly order: 'known' | 'inferred';
  /** What Windows writes when it is there. */
  readonly evidence: string;
}

/**
 * Where an attempt can fail: the only list of stages, and the only place that knows their order. Evidence: events of
 * WindowsUpdateClient and Servicing (Setup log), names of the Servicing trace, lines of CBS.log.
 */
export const STAGE_TABLE = {
  unknown: { rank: 0, order: 'known', evidence: 'none: a failure whose log does not say where' },
  scan: { rank: 100, order: 'known', evidence: 'WindowsUpdateClient events 25, 26' },
  download: { rank: 200, order: 'known', evidence: 'WindowsUpdateClient events 31, 41; REPORT EVENT 161' },
  hash_verify: { rank: 250, order: 'known', evidence: 'check of the package file before it is used' },
  dpx_expand: { rank: 300, order: 'known', evidence: 'Servicing trace "DPX Expansion"' },
  resolve: { rank: 400, order: 'known', evidence: 'Servicing trace "Resolve"; failure source Resolve' },
  stage: { rank: 500, order: 'known', evidence: 'Servicing trace "Stage"; package state Staged' },
  stage_drivers: {
    rank: 550,
    order: 'known',
    evidence: 'CbsExecuteStateStageDrivers; Servicing trace "Doq Stage"',
  },
  pending_reboot: { rank: 600, order: 'known', evidence: 'Servicing event 4; package state Install Pending' },
  shutdown: { rank: 700, order: 'known', evidence: 'CBS.log "Shtd:" lines' },
  poqexec: { rank: 800, order: 'inferred', evidence: 'Servicing trace "Poqexec"; poqexec.log' },
  driver_queue_critical: {
    rank: 820,
    order: 'inferred',
    evidence: 'Servicing trace "Doq Critical Install", "Doq Critical Uninstall"; failure source DOQ',
  },
  primitives: { rank: 840, order: 'inferred', evidence: 'CbsExecuteStatePrimitives' },
  advanced_installers: {
    rank: 860,
    order: 'inferred',
    evidence: 'CbsExecuteStateResolvePending with CbsExecuteStateFlagAdvancedInstallersFailed',
  },
  commit_verify: { rank: 900, order: 'known', evidence: 'Servicing event 2; WindowsUpdateClient event 19' },
  rollback: { rank: 950, order: 'known', evidence: 'CbsExecuteStateInitiateRollback' },
} as const satisfies Record<string, StageRow>;

export type Stage = keyof typeof STAGE_TABLE;
