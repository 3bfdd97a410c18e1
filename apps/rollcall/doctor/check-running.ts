import { existsSync, readFileSync } from 'node:fs';
import type { DataDirectory } from '#runtime/data-directory.js';
import type { Running } from '../up/running-file.js';
import { ok, wrong } from './finding.js';
import type { Finding } from './finding.js';

const TIMEOUT_MS = 5_000;

/** Asks every part of a running installation whether it can work. */
export async function checkRunning(data: DataDirectory, running: Running): Promise<Finding[]> {
  const parts = await Promise.all([
    checkPart('collector', running.ports.collector),
    checkPart('console', running.ports.console),
    ...(running.ports.projector === undefined
      ? []
      : [checkPart('projector', running.ports.projector), checkWatch(running.ports.projector)]),
  ]);
  const engine = running.ports.clickhouse === null ? [] : [await checkEngine(data, running.ports.clickhouse)];
  return [...parts, ...engine];
}

async function checkPart(name: string, port: number): Promise<Finding> {
  const url = `http://127.0.0.1:${port}/readyz`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (response.ok) return ok(name, `ready at http://127.0.0.1:${port}`);
    return wrong(
      name,
      `${url} answers ${response.status}: ${text.slice(0, 300)}`,
      'read its lines in the output of rollcall up',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      name,
      `${url} does not answer (${reason})`,
      'rollcall up starts it again by itself; read why in its output',
    );
  }
}

/** A watch that cannot look raises nothing, and silence looks like health. */
async function checkWatch(port: number): Promise<Finding> {
  const url = `http://127.0.0.1:${port}/metrics`;
  try {
    const text = await (await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })).text();
    const valueOf = (name: string): number =>
      Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1] ?? 0);
    const inRow = valueOf('rollcall_watch_failures_in_row');
    const detail = `looks since the projector started: ${valueOf('rollcall_watch_looks_total')}; failed and tried again: ${valueOf('rollcall_watch_failures_total')}`;
    if (inRow === 0) return ok('spike watch', detail);
    return wrong(
      'spike watch',
      `${detail}; ${inRow} failed in a row: no alert can be raised`,
      'read "the spike watch could not look" in the projector lines of rollcall up',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong('spike watch', `${url} does not answer (${reason})`, 'see projector');
  }
}

async function checkEngine(data: DataDirectory, port: number): Promise<Finding> {
  try {
    const response = await fetch(
      `http://127.0.0.1:${port}/?query=${encodeURIComponent('SELECT version()')}`,
      {
        headers: { 'x-clickhouse-user': 'reader', 'x-clickhouse-key': readerPassword(data) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      },
    );
    const text = (await response.text()).trim();
    if (response.ok) return ok('clickhouse', `version ${text} at http://127.0.0.1:${port}`);
    return wrong(
      'clickhouse',
      `answers ${response.status}: ${text.slice(0, 300)}`,
      'read the engine lines of rollcall up',
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(
      'clickhouse',
      `does not answer on port ${port} (${reason})`,
      'read the engine lines of rollcall up',
    );
  }
}

function readerPassword(data: DataDirectory): string {
  if (!existsSync(data.clickhousePasswords)) return '';
  return (
    (JSON.parse(readFileSync(data.clickhousePasswords, 'utf8')) as Record<string, string>)['reader'] ?? ''
  );
}
