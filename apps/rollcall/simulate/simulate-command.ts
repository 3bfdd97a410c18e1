import type { Command } from 'commander';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { instant, wholeNumber } from '../number-options.js';
import { note, printJson, printText } from '../output.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { readRunning } from '../up/running-file.js';
import { bankName, branchName, buildFleet } from './fleet.js';
import { historyOf } from './history.js';
import { incidentReports } from './incident.js';
import { prepareBanks } from './prepare-banks.js';
import { inArrivalOrder, sendReports } from './send-reports.js';

interface SimulateOptions {
  readonly data: string;
  readonly url?: string;
  readonly bankCount: number;
  readonly devices: number;
  readonly weeks: number;
  readonly seed: string;
  readonly until?: string;
  readonly incident: boolean;
  readonly json?: boolean;
}

const INCIDENT_MS = 40 * 60_000;

export function registerSimulate(program: Command): void {
  withData(program.command('simulate'))
    .description('send the history of a simulated fleet to a running collector; adds its banks and tokens')
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option('--bank-count <n>', 'banks: bank-a, bank-b …', wholeNumber(1, 26), 3)
    .option('--devices <n>', 'devices a bank', wholeNumber(1, 500_000), 2_000)
    .option('--weeks <n>', 'weeks of history', wholeNumber(1, 52), 5)
    .option('--seed <text>', 'the same seed gives the same fleet', 'rollcall')
    .option('--until <time>', 'when the history ends (default: now)', instant)
    .option('--no-incident', 'without 0x80071ab1 failing in one branch in the last 40 minutes')
    .option('--json', 'JSON: {devices, sent, accepted, rejected}')
    .addHelpText('after', '\nExample:\n  $ rollcall simulate --bank-count 1 --devices 500 --no-incident')
    .action(async (options: SimulateOptions) => {
      const url = options.url ?? collectorUrl(options.data);
      const banks = Array.from({ length: options.bankCount }, (_, index) => bankName(index));
      const tokens = await withInstallation(options.data, (installation) =>
        prepareBanks(installation, banks),
      );
      const { seed, weeks } = options;
      const untilMs = options.until ? Date.parse(options.until) : Date.now();
      const fleet = buildFleet({ seed, bankCount: options.bankCount, devicesPerBank: options.devices });
      const place = {
        bank: bankName(0),
        branch: branchName(Math.min(4, Math.floor((options.devices - 1) / 100))),
      };
      const history = historyOf(fleet, {
        seed,
        weeks,
        endMs: untilMs,
        heldBack: options.incident ? place : null,
      });
      const incident = options.incident
        ? incidentReports(fleet, {
            seed,
            ...place,
            fromMs: untilMs - INCIDENT_MS,
            toMs: untilMs,
            devices: 36,
          })
        : [];
      const reports = inArrivalOrder([...history, ...incident]);
      const onProgress = (sent: number): void => {
        note(`${sent} of ${reports.length} reports sent`);
      };
      const result = await sendReports(reports, { url, tokens, onProgress });
      if (options.json) printJson({ devices: fleet.length, ...result });
      else
        printText(
          `${fleet.length} devices, ${result.sent} reports sent, ${result.accepted} accepted, ${result.rejected} rejected`,
        );
      if (result.rejected > 0)
        throw new CommandFailure(EXIT.failed, `rejected: ${result.reasons.join('; ')}`);
    });
}

function collectorUrl(data: string): string {
  const running = readRunning(openDataDirectory(data).running);
  if (running) return `http://127.0.0.1:${running.ports.collector}`;
  throw new CommandFailure(
    EXIT.failed,
    `Rollcall does not run on ${data}: start it with "rollcall up", or give --url`,
  );
}
