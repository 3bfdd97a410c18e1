import { chosen, view } from './clickhouse-query.js';
import { dashboard, sideBySide } from './dashboard.js';
import { barsOverTimePanel, dataAgePanel, rankingPanel, statPanel, tablePanel } from './panels.js';

const SUCCESS = `outcome = 'succeeded'`;
const FINAL = `outcome IN ('succeeded', 'pending_reboot', 'failed', 'rolled_back')`;

const devices = statPanel({
  title: 'Devices',
  description: 'Devices that reported at least one update attempt for the chosen banks, builds and KBs.',
  unit: 'short',
  sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('latest_outcomes')} WHERE ${chosen()}`,
});

const failing = statPanel(
  {
    title: 'Failing devices',
    description:
      'Devices with at least one failure that no later success has closed. Counted once, however often they retry.',
    unit: 'short',
    sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('final_failures')} WHERE open AND ${chosen()}`,
  },
  { warn: 1, bad: 50 },
);

const compliance = statPanel({
  title: 'Installed',
  description:
    'Share of device × KB pairs whose latest outcome is success, among those with a final outcome or a pending restart.',
  unit: 'percentunit',
  sql: `
SELECT countIf(${SUCCESS}) / greatest(count(), 1) AS installed
FROM ${view('latest_outcomes')}
WHERE ${FINAL} AND ${chosen()}`,
});

const pendingReboot = statPanel({
  title: 'Waiting for a restart',
  description:
    'Devices whose latest outcome for some KB is a pending restart. A number that stays high is a scheduling problem.',
  unit: 'short',
  sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('latest_outcomes')} WHERE outcome = 'pending_reboot' AND ${chosen()}`,
});

const openAlerts = statPanel(
  {
    title: 'Open alerts',
    description: 'Spikes that have not been resolved. Each is one incident; see the table below.',
    unit: 'short',
    sql: `SELECT count() AS alerts FROM ${view('alerts')} WHERE state = 'open' AND ${chosen()}`,
  },
  { warn: 1, bad: 3 },
);

const outcomesByDay = barsOverTimePanel({
  title: 'Outcomes a day',
  description:
    'Distinct devices per day and outcome of their attempts. A device that tries twice a day with the same outcome counts once.',
  unit: 'short',
  sql: `
SELECT toDateTime(day) AS time, outcome, sum(devices) AS devices
FROM ${view('funnel_daily')}
WHERE $__timeFilter(toDateTime(day)) AND ${chosen()}
GROUP BY time, outcome
ORDER BY time, outcome`,
});

const stages = rankingPanel({
  title: 'Where attempts fail',
  description: 'Devices with a failed attempt in the chosen time, by the stage at which Windows gave up.',
  unit: 'short',
  sql: `
SELECT stage, uniqExact(bank, device_key) AS devices
FROM ${view('attempts')}
WHERE outcome IN ('failed', 'rolled_back') AND $__timeFilter(arrived_at) AND ${chosen()}
GROUP BY stage
ORDER BY devices DESC, stage`,
});

const byKb = tablePanel(
  {
    title: 'By bank and KB',
    description: 'Where each update stands: devices by latest outcome, and the share that has it.',
    unit: 'short',
    sql: `
SELECT
    bank, kb, count() AS devices, countIf(${SUCCESS}) AS installed,
    countIf(outcome = 'pending_reboot') AS pending_reboot,
    countIf(outcome IN ('failed', 'rolled_back')) AS failed, installed / devices AS share
FROM ${view('latest_outcomes')}
WHERE ${chosen()}
GROUP BY bank, kb
ORDER BY failed DESC, bank, kb
LIMIT 200`,
  },
  { share: 'percentunit' },
);

const byBuild = tablePanel({
  title: 'Builds in the fleet',
  description: 'Devices by OS build of their newest inventory snapshot, and how old the newest one is.',
  unit: 'short',
  sql: `
SELECT bank, os_build AS build, os_name, uniqExact(device_key) AS devices, max(inventory_at) AS newest_snapshot
FROM ${view('devices')}
WHERE ${chosen('bank')} AND $__conditionalAll(os_build IN (\${build:singlequote}), $build)
GROUP BY bank, build, os_name
ORDER BY devices DESC, bank, build`,
});

const alerts = tablePanel({
  title: 'Alerts',
  description: 'Open ones first. The text is what on-call was told; "expected" comes from the last 28 days.',
  unit: 'short',
  sql: `
SELECT state, opened_at, resolved_at, bank, kb, build, signature_l1 AS code, failed, installs, round(expected, 2) AS expected, text
FROM ${view('alerts')}
WHERE ${chosen()}
ORDER BY state = 'open' DESC, opened_at DESC
LIMIT 100`,
});

/** How is the fleet? For bank IT, first thing in the morning. */
export const fleetOverview = dashboard({
  uid: 'rollcall-fleet',
  title: 'Rollcall / Fleet overview',
  description: 'How patching stands: devices, outcomes, alerts. Numbers are distinct devices.',
  from: 'now-30d',
  rows: [
    sideBySide(4, dataAgePanel(), devices, failing, compliance, pendingReboot, openAlerts),
    {
      height: 9,
      panels: [
        { width: 16, panel: outcomesByDay },
        { width: 8, panel: stages },
      ],
    },
    {
      height: 10,
      panels: [
        { width: 14, panel: byKb },
        { width: 10, panel: byBuild },
      ],
    },
    sideBySide(8, alerts),
  ],
});
