import { chosen, view } from './clickhouse-query.js';
import { dashboard, sideBySide } from './dashboard.js';
import { barsOverTimePanel, dataAgePanel, rankingPanel, statPanel, tablePanel } from './panels.js';

const cohortCount = statPanel({
  title: 'Failing cohorts',
  description: 'Cohorts (bank × build × KB × error signature) with at least one device that is failing now.',
  unit: 'short',
  sql: `SELECT count() AS cohorts FROM ${view('cohorts')} WHERE failing > 0 AND ${chosen()}`,
});

const failingDevices = statPanel(
  {
    title: 'Failing devices',
    description: 'Distinct devices in all of these cohorts; a device in two of them counts once.',
    unit: 'short',
    sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('final_failures')} WHERE open AND ${chosen()}`,
  },
  { warn: 1, bad: 50 },
);

const regressed = statPanel(
  {
    title: 'Failing again',
    description:
      'Devices that fail again after a success or after 14 days without: what was tried did not last.',
    unit: 'short',
    sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('final_failures')} WHERE open AND regressed AND ${chosen()}`,
  },
  { warn: 1, bad: 10 },
);

const coarse = statPanel({
  title: 'Cause not known',
  description:
    'Failing devices of which only a code is known. Their CBS.log would name the cause: import it.',
  unit: 'short',
  sql: `SELECT uniqExact(bank, device_key) AS devices FROM ${view('final_failures')} WHERE open AND fineness < 2 AND ${chosen()}`,
});

const cohorts = tablePanel(
  {
    title: 'Cohorts',
    description:
      'Most failing first. failing = devices that fail now; ever_failed = at any time; attempted = devices of that bank, build and KB that tried. Draft a case with: rollcall case draft --cohort ID.',
    unit: 'short',
    sql: `
SELECT
    bank, kb, build, signature_l1 AS code, signature_l2 AS stage_and_source, signature_l3 AS inner_and_object,
    failing, ever_failed, attempted, failing / greatest(attempted, 1) AS share, regressed, first_seen, last_seen, cohort_id
FROM ${view('cohorts')}
WHERE ever_failed > 0 AND ${chosen()}
ORDER BY failing DESC, ever_failed DESC, cohort_id
LIMIT 500`,
  },
  { share: 'percentunit' },
);

const newFailures = barsOverTimePanel({
  title: 'Newly failing devices',
  description:
    'Devices by the time their failure was first reported, by code. A step is what the spike watch looks for.',
  unit: 'short',
  sql: `
SELECT $__timeInterval(arrived_at) AS time, signature_l1 AS code, uniqExact(bank, device_key) AS devices
FROM ${view('final_failures')}
WHERE $__timeFilter(arrived_at) AND ${chosen()}
GROUP BY time, code
ORDER BY time, code`,
});

const byCode = rankingPanel({
  title: 'By code',
  description:
    'Failing devices by the code of level 1. The same code may have several causes: see the cohorts.',
  unit: 'short',
  sql: `
SELECT signature_l1 AS code, uniqExact(bank, device_key) AS devices
FROM ${view('final_failures')}
WHERE open AND ${chosen()}
GROUP BY code
ORDER BY devices DESC, code
LIMIT 20`,
});

const byBranch = rankingPanel({
  title: 'By branch',
  description:
    'Failing devices by branch. One branch far ahead points to its image, its line or its local server.',
  unit: 'short',
  sql: `
SELECT if(branch = '', 'unknown', branch) AS branch_name, uniqExact(bank, device_key) AS devices
FROM ${view('final_failures')}
WHERE open AND ${chosen()}
GROUP BY branch_name
ORDER BY devices DESC, branch_name
LIMIT 20`,
});

const byChannel = rankingPanel({
  title: 'By channel',
  description: 'Failing devices by how the update came to them.',
  unit: 'short',
  sql: `
SELECT if(channel = '', 'unknown', channel) AS channel_name, uniqExact(bank, device_key) AS devices
FROM ${view('final_failures')}
WHERE open AND ${chosen()}
GROUP BY channel_name
ORDER BY devices DESC, channel_name`,
});

const failingNow = tablePanel({
  title: 'Devices failing now',
  description: 'Newest first, by pseudonym. See one with: rollcall device KEY.',
  unit: 'short',
  sql: `
SELECT bank, device_key, branch, kb, build, signature_l1 AS code, attempts, first_at, last_at, regressed
FROM ${view('final_failures')}
WHERE open AND ${chosen()}
ORDER BY arrived_at DESC, bank, device_key
LIMIT 200`,
});

/** What fails together, and where? For bank IT and on-call, when the overview shows red. */
export const failingCohorts = dashboard({
  uid: 'rollcall-cohorts',
  title: 'Rollcall / Failing cohorts',
  description: 'Devices grouped by what went wrong: bank × build × KB × error signature.',
  from: 'now-30d',
  rows: [
    {
      height: 4,
      panels: [
        { width: 4, panel: dataAgePanel() },
        ...[cohortCount, failingDevices, regressed, coarse].map((panel) => ({ width: 5, panel })),
      ],
    },
    sideBySide(11, cohorts),
    {
      height: 8,
      panels: [
        { width: 16, panel: newFailures },
        { width: 8, panel: byCode },
      ],
    },
    {
      height: 8,
      panels: [
        { width: 6, panel: byBranch },
        { width: 6, panel: byChannel },
        { width: 12, panel: failingNow },
      ],
    },
  ],
});
