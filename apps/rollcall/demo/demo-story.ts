import { join } from 'node:path';
import type { Cohort, DeviceView, StoreStatus } from '#attempt-store/attempt-store.js';
import type { ListedAlert } from '../alerts/alerts-command.js';
import type { CaseAnswer } from '../case/case-command.js';
import type { ConsoleClient } from '../console-client.js';
import { connectConsole } from '../console-client.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { note } from '../output.js';
import { bankName, branchName, buildFleet } from '../simulate/fleet.js';
import { historyOf } from '../simulate/history.js';
import { incidentDevices, incidentReports } from '../simulate/incident.js';
import { LOG_GROWTH_FAILURE } from '../simulate/failures.js';
import { inArrivalOrder, sendReports } from '../simulate/send-reports.js';
import type { Sent } from '../simulate/send-reports.js';
import type { TimedReport } from '../simulate/attempt-reports.js';
import type { Rollcall } from '../up/start-rollcall.js';
import { readEvidence } from './evidence.js';
import { waitFor } from './wait-for.js';

export interface DemoSettings {
  readonly seed: string;
  readonly bankCount: number;
  readonly devicesPerBank: number;
  readonly weeks: number;
}

/** What the demo showed: what people read, and what a script checks. */
export interface DemoResult {
  readonly devices: number;
  readonly banks: readonly string[];
  readonly sent: Sent;
  readonly evidence: { readonly files: number; readonly reports: number };
  readonly status: StoreStatus;
  readonly cohorts: readonly Cohort[];
  readonly incident: Cohort;
  readonly alert: ListedAlert;
  readonly otherAlerts: number;
  readonly alertAfterSeconds: number;
  readonly device: DeviceView;
  readonly drafts: { readonly zh: CaseAnswer; readonly en: CaseAnswer };
}

const INCIDENT_MS = 40 * 60_000;
const INCIDENT_DEVICES = 36;
/** The promise of the demo: on-call knows within two minutes. */
const ALERT_TIMEOUT_MS = 120_000;
const PROJECTION_TIMEOUT_MS = 180_000;
/** Without a look for so long, the watch has none left to make. */
const WATCH_QUIET_MS = 2_000;

/** Plays the demo on a running installation. @throws CommandFailure naming what did not happen */
export async function playDemo(
  rollcall: Rollcall,
  tokens: ReadonlyMap<string, string>,
  settings: DemoSettings,
  signal: AbortSignal,
): Promise<DemoResult> {
  const url = `http://127.0.0.1:${rollcall.ports.collector}`;
  const client = connectConsole({ data: rollcall.data.root });
  const toMs = Date.now();
  const fromMs = toMs - INCIDENT_MS;
  const { seed, weeks } = settings;
  const place = { bank: bankName(0), branch: branchName(4) };
  const fleet = buildFleet(settings);
  const incidentSettings = { seed, ...place, fromMs, toMs, devices: INCIDENT_DEVICES };
  const history = historyOf(fleet, { seed, weeks, endMs: toMs, heldBack: place });
  const hit = incidentDevices(fleet, incidentSettings);
  const send = (reports: readonly TimedReport[]): Promise<Sent> =>
    sendReports(reports, { url, tokens, signal });

  const before = history.filter(({ receivedAtMs }) => receivedAtMs <= fromMs);
  note(`sending ${before.length} reports of ${fleet.length} devices: ${weeks} weeks, two Patch Tuesdays`);
  const sentHistory = await send(before);

  const victim = fleet.find(({ bank, line, offline }) => bank === bankName(1) && line === 19044 && !offline);
  if (!victim) throw new Error('the fleet has no device for the evidence');
  const evidence = await readEvidence(join(rollcall.data.root, 'evidence'), victim, fromMs - 1_000);
  note(
    `importing ${evidence.files.length} log files of ${victim.deviceKey}: ${evidence.reports.length} reports`,
  );
  const sentEvidence = await send(evidence.reports);
  await waitUntilProjected(client, sentHistory, [...before, ...evidence.reports], signal);
  await waitUntilWatched(rollcall.ports.projector, signal);

  note(`now 0x80071ab1 starts failing in ${place.branch} of ${place.bank}`);
  const startedAt = Date.now();
  const during = history.filter(({ receivedAtMs }) => receivedAtMs > fromMs);
  const sentIncident = await send(inArrivalOrder([...during, ...incidentReports(fleet, incidentSettings)]));
  const alert = await waitForAlert(client, place.bank, signal);
  const alertAfterSeconds = (Date.now() - startedAt) / 1_000;
  note(`alert raised after ${alertAfterSeconds.toFixed(1)} s`);

  const incident = await waitForCohort(client, place.bank, hit.length, signal);
  const shown = hit[0]?.deviceKey ?? '';
  const draft = (lang: 'zh' | 'en') => client.get<CaseAnswer>(`cohorts/${incident.cohortId}/case`, { lang });
  const alerts = await client.list<ListedAlert>('alerts', {}, 1_000);
  return {
    devices: fleet.length,
    banks: [...tokens.keys()],
    sent: checkSent([sentHistory, sentEvidence, sentIncident]),
    evidence: { files: evidence.files.length, reports: evidence.reports.length },
    status: await client.get<StoreStatus>('status'),
    cohorts: (await client.list<Cohort>('cohorts', {}, 1_000)).items,
    incident,
    alert,
    otherAlerts: alerts.items.filter(({ alertId }) => alertId !== alert.alertId).length,
    alertAfterSeconds,
    device: await client.get<DeviceView>(`devices/${shown}`, { bank: place.bank }),
    drafts: { zh: await draft('zh'), en: await draft('en') },
  };
}

function checkSent(parts: readonly Sent[]): Sent {
  const sum = (pick: (part: Sent) => number): number => parts.reduce((total, part) => total + pick(part), 0);
  const sent = {
    sent: sum((part) => part.sent),
    accepted: sum((part) => part.accepted),
    rejected: sum((part) => part.rejected),
    reasons: parts.flatMap((part) => part.reasons),
  };
  if (sent.accepted === sent.sent) return sent;
  throw new CommandFailure(
    EXIT.failed,
    `the collector took ${sent.accepted} of ${sent.sent} reports: ${sent.reasons.join('; ')}`,
  );
}

/** The watch must not see the incident before its baseline, so the history is stored first. */
async function waitUntilProjected(
  client: ConsoleClient,
  sent: Sent,
  reports: readonly TimedReport[],
  signal: AbortSignal,
): Promise<void> {
  const attempts = reports.filter(({ report }) => report.eventType !== 'patch.device_inventory').length;
  note(`${sent.accepted} accepted; waiting until they are projected`);
  await waitFor(
    `all ${attempts} attempt reports are in the store`,
    PROJECTION_TIMEOUT_MS,
    signal,
    async () => {
      const status = await client.get<StoreStatus>('status');
      return status.reports >= attempts ? status : null;
    },
  );
}

/** The watch looks back over the history at its own pace; what it finds there is no part of the incident. */
async function waitUntilWatched(projectorPort: number, signal: AbortSignal): Promise<void> {
  let looksBefore = '';
  let sinceMs = Date.now();
  await waitFor('the spike watch has caught up with the history', PROJECTION_TIMEOUT_MS, signal, async () => {
    const response = await fetch(`http://127.0.0.1:${projectorPort}/metrics`);
    const looks = /^rollcall_watch_looks_total\S* (\d+)/m.exec(await response.text())?.[1] ?? '0';
    if (looks !== looksBefore) sinceMs = Date.now();
    looksBefore = looks;
    return looks !== '0' && Date.now() - sinceMs > WATCH_QUIET_MS ? looks : null;
  });
}

const waitForAlert = (client: ConsoleClient, bank: string, signal: AbortSignal): Promise<ListedAlert> =>
  waitFor(`an alert for ${LOG_GROWTH_FAILURE.code} at ${bank}`, ALERT_TIMEOUT_MS, signal, async () => {
    const { items } = await client.list<ListedAlert>(
      'alerts',
      { bank, signature: LOG_GROWTH_FAILURE.code },
      10,
    );
    return items.find(({ state }) => state === 'open') ?? null;
  });

/** The finer evidence comes last and moves the devices into one cohort: all of them, each once. */
const waitForCohort = (
  client: ConsoleClient,
  bank: string,
  devices: number,
  signal: AbortSignal,
): Promise<Cohort> =>
  waitFor(`one cohort of ${bank} with all ${devices} failing devices`, 60_000, signal, async () => {
    const { items } = await client.list<Cohort>('cohorts', { bank, signature: LOG_GROWTH_FAILURE.code }, 10);
    const failing = items.reduce((sum, cohort) => sum + cohort.failing, 0);
    return failing === devices ? (items[0] ?? null) : null;
  });
