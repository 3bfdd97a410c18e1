import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { openDataDirectory } from '#runtime/data-directory.js';
import { dataDirectory } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { note, printJson, printText } from '../output.js';
import { bankName } from '../simulate/fleet.js';
import { prepareBanks } from '../simulate/prepare-banks.js';
import { formatLogLine, isErrorLine } from '../up/log-line.js';
import { startRollcall } from '../up/start-rollcall.js';
import type { Rollcall } from '../up/start-rollcall.js';
import { ASKED, stopSignal, whenAborted } from '../up/stop-signal.js';
import { playDemo } from './demo-story.js';
import type { DemoResult } from './demo-story.js';
import { tellDemo, tellNextSteps } from './tell-demo.js';

interface DemoOptions {
  readonly data?: string;
  readonly once: boolean;
  readonly json: boolean;
}

const SETTINGS = { seed: 'rollcall-demo', bankCount: 3, devicesPerBank: 2_000, weeks: 5 } as const;

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'a simulated fleet of 3 banks × 2,000 devices, an incident, the alert, a case; on free ports',
    )
    .option('--once', 'stop when all is shown; JSON summary on stdout', false)
    .option(
      '--data <dir>',
      'an empty directory to work in (default: a temporary one, removed at the end)',
      dataDirectory,
    )
    .option('--json', 'JSON summary on stdout, the story on stderr', false)
    .addHelpText(
      'after',
      '\nExit code 1 when anything expected did not happen.\n\nExample:\n  $ rollcall demo --once --json',
    )
    .action(async (options: DemoOptions) => {
      await runDemo(options);
    });
}

async function runDemo(options: DemoOptions): Promise<void> {
  const startedAt = Date.now();
  const stopping = stopSignal();
  const root = demoDirectory(options.data);
  const json = options.json || options.once;
  let rollcall: Rollcall | null = null;
  try {
    const banks = Array.from({ length: SETTINGS.bankCount }, (_, index) => bankName(index));
    const tokens = await withInstallation(root, (installation) => prepareBanks(installation, banks), 'make');
    const log = createWriteStream(join(root, 'demo.log'));
    note(`starting Rollcall in ${root} (log: ${join(root, 'demo.log')})`);
    rollcall = await startDemo(root, log, stopping);
    const result = await playDemo(rollcall, tokens, SETTINGS, stopping.signal);
    // With --once all of it ends here: commands against it would find nothing.
    const next = options.once ? '' : tellNextSteps(rollcall, result);
    const story = `${tellDemo(result)}\n${next}`;
    if (json) note(story);
    else printText(story);
    if (json) printJson(summaryOf(result, (Date.now() - startedAt) / 1_000));
    if (!options.once) {
      note('the demo goes on until Ctrl-C');
      await whenAborted(stopping.signal);
    }
  } catch (error) {
    if (stopping.signal.aborted && stopping.signal.reason === ASKED) {
      throw new CommandFailure(EXIT.failed, 'stopped before the demo was over');
    }
    if (json) printJson({ ok: false, reason: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    await rollcall?.stop();
    if (options.data === undefined) rmSync(root, { recursive: true, force: true });
  }
}

function demoDirectory(data: string | undefined): string {
  if (data === undefined) return mkdtempSync(join(tmpdir(), 'rollcall-demo-'));
  const root = resolve(data);
  if (existsSync(join(root, 'log'))) {
    throw new CommandFailure(EXIT.failed, `${root} holds data already; give the demo an empty directory`);
  }
  return openDataDirectory(root).root;
}

const startDemo = (root: string, log: WriteStream, stopping: AbortController): Promise<Rollcall> =>
  startRollcall({
    data: root,
    collectorPort: 0,
    consolePort: 0,
    clickhousePort: 0,
    clickhouse: process.env['ROLLCALL_CLICKHOUSE'],
    logLevel: 'info',
    signal: stopping.signal,
    events: {
      line: (name, text) => {
        log.write(`${formatLogLine(name, text)}\n`);
        if (isErrorLine(text)) note(formatLogLine(name, text));
      },
      exited: (name, how, againInMs) => {
        log.write(`supervisor | ${name} ended (${how})\n`);
        if (againInMs !== null) note(`supervisor | ${name} ended (${how}), again in ${againInMs} ms`);
      },
    },
    onLockLost: (error) => {
      stopping.abort(error);
    },
  });

/** The summary for scripts. */
function summaryOf(result: DemoResult, seconds: number) {
  const { alert, incident, sent } = result;
  return {
    ok: true,
    devices: result.devices,
    banks: result.banks,
    eventsSent: sent.sent,
    accepted: sent.accepted,
    rejected: sent.rejected,
    evidence: result.evidence,
    attempts: result.status.attempts,
    cohorts: result.cohorts.length,
    failingDevices: result.status.failingDevices,
    incident: {
      cohortId: incident.cohortId,
      kb: incident.kb,
      build: incident.build,
      failing: incident.failing,
    },
    alert: {
      alertId: alert.alertId,
      bank: alert.bank,
      signature: alert.signature,
      failed: alert.failed,
      installs: alert.installs,
      expected: alert.expected,
      raisedAt: alert.openedAt,
      afterSeconds: result.alertAfterSeconds,
    },
    otherAlerts: result.otherAlerts,
    case: { zh: result.drafts.zh.title, en: result.drafts.en.title },
    seconds,
  };
}
