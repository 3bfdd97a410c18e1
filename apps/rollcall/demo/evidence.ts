import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AttemptReport } from '#domain/attempt-event.js';
import { isoTime } from '../simulate/attempt-reports.js';
import type { TimedReport } from '../simulate/attempt-reports.js';
import type { SimulatedDevice } from '../simulate/fleet.js';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('./evidence/', import.meta.url));
const commandLine = fileURLToPath(new URL('../main.js', import.meta.url));

/** The day the evidence files were written for, and the one before. */
const DAYS = ['2024-09-11', '2024-09-10'] as const;
const DAY_MS = 86_400_000;

export interface Evidence {
  readonly files: readonly string[];
  readonly reports: readonly TimedReport[];
}

/**
 * Log files of one device (CBS.log, WindowsUpdate.log, events as XML), moved to the days before `arrivedMs` and read
 * by `rollcall import --dry-run`. They are then sent as a replay that arrives at `arrivedMs`: evidence that arrived
 * at this moment would carry the watch's clock past the incident that follows.
 */
export async function readEvidence(
  workFolder: string,
  device: SimulatedDevice,
  arrivedMs: number,
): Promise<Evidence> {
  mkdirSync(workFolder, { recursive: true });
  const files = readdirSync(folder).map((name) => {
    const path = join(workFolder, name);
    writeFileSync(path, moveDays(readFileSync(join(folder, name), 'utf8'), arrivedMs));
    return path;
  });
  const args = [commandLine, 'import', ...files, '--dry-run', '--json', '--device', device.deviceKey];
  const { stdout } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  const found = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ kind }) => kind === 'report');
  return { files, reports: found.map((fields, index) => asReplay(fields, device, arrivedMs + index)) };
}

/** Rewrites the fixtures' two days, in the three spellings the logs use, to the two days before `arrivedMs`. */
function moveDays(text: string, arrivedMs: number): string {
  return DAYS.reduce((moved, day, index) => {
    const to = new Date(arrivedMs - (index + 1) * DAY_MS).toISOString().slice(0, 10);
    const short = (date: string): string => date.split('-').map(Number).join('/');
    return moved
      .replaceAll(day, to)
      .replaceAll(day.replaceAll('-', '/'), to.replaceAll('-', '/'))
      .replaceAll(`@${short(day)}:`, `@${short(to)}:`);
  }, text);
}

function asReplay(
  fields: Record<string, unknown>,
  device: SimulatedDevice,
  receivedAtMs: number,
): TimedReport {
  const account = new Set(['kind', 'file', 'line', 'recordId', 'deviceName', 'deviceAliases']);
  const facts = Object.fromEntries(Object.entries(fields).filter(([name]) => !account.has(name)));
  const report = {
    ...facts,
    deviceKey: device.deviceKey,
    branch: device.branch,
    deliveryMode: 'replay',
    receivedAt: isoTime(receivedAtMs),
  } as unknown as AttemptReport;
  return { bank: device.bank, receivedAtMs, report };
}
