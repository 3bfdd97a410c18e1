import { readFileSync } from 'node:fs';
import { alertTable } from '../alerts/alerts-command.js';
import { cohortTable } from '../questions/cohorts-command.js';
import { renderDevice } from '../questions/device-command.js';
import type { Rollcall } from '../up/start-rollcall.js';
import type { DemoResult } from './demo-story.js';

const SHOWN_COHORTS = 8;

/** What the demo showed, for people. */
export function tellDemo(result: DemoResult): string {
  const { drafts } = result;
  return [
    heading(
      `Failing cohorts (${Math.min(SHOWN_COHORTS, result.cohorts.length)} of ${result.cohorts.length})`,
    ),
    cohortTable(result.cohorts.slice(0, SHOWN_COHORTS)),
    heading(`The alert, ${result.alertAfterSeconds.toFixed(1)} s after the incident began to arrive`),
    result.alert.text,
    alertTable([result.alert]),
    heading('One of its devices'),
    renderDevice(result.device),
    heading('The support case, filled in'),
    `${drafts.zh.title}\n\n${drafts.zh.body}`,
    '',
    `${drafts.en.title}\n\n${drafts.en.body}`,
  ].join('\n');
}

/** What to try next while the demo runs. */
export function tellNextSteps({ data, ports }: Rollcall, result: DemoResult): string {
  const console = `http://127.0.0.1:${ports.console}`;
  const at = `--data ${data.root}`;
  return [
    heading('Try next (in another terminal)'),
    `  npx rollcall status ${at}`,
    `  npx rollcall cohorts ${at} --kb ${result.incident.kb}`,
    `  npx rollcall device ${result.device.deviceKey} ${at}`,
    `  npx rollcall attempts ${at} --outcome rolled_back --limit 20`,
    `  npx rollcall alerts ${at} --json`,
    `  npx rollcall case draft --cohort ${result.incident.cohortId} --lang en ${at}`,
    `  curl -H "Authorization: Bearer $(cat ${data.operatorToken})" ${console}/api/v1/cohorts`,
    `  ${console}/api/openapi.json  describes the questions`,
    ...(ports.clickhouse === null ? [] : [`  ${clickhouseHint(data.clickhousePasswords, ports.clickhouse)}`]),
    '',
  ].join('\n');
}

/** The engine speaks ClickHouse's own HTTP: the reader's password is in a file that only the owner reads. */
function clickhouseHint(passwordsFile: string, port: number): string {
  const users = Object.keys(JSON.parse(readFileSync(passwordsFile, 'utf8')) as Record<string, string>);
  const user = users.includes('grafana') ? 'grafana' : 'reader';
  return `http://127.0.0.1:${port}  is ClickHouse, for Grafana and BI tools (user ${user}, password in ${passwordsFile})`;
}

const heading = (text: string): string => `\n== ${text} ==`;
