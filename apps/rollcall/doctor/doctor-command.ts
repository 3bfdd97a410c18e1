import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { AdminReader } from '#event-log/admin-reader.js';
import { channelConfigSchema, configuredNotifiers } from '#notify/configured-channels.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { DataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { printJson, printText } from '../output.js';
import { readRunning, wasKilled } from '../up/running-file.js';
import { checkDeadLetters } from './check-dead-letters.js';
import { checkDelivery } from './check-delivery.js';
import { checkClock, checkLag, checkTokens } from './check-log.js';
import { checkDisk, checkKeys, checkNode, checkRights, checkUsualPorts } from './check-machine.js';
import { checkRunning } from './check-running.js';
import { warning, wrong } from './finding.js';
import type { Finding } from './finding.js';

export function registerDoctor(program: Command): void {
  withData(program.command('doctor'))
    .description('look at this installation: what is wrong and what to do; exit code 1 if something is')
    .option('--json', 'one JSON object a line: {check, state, detail, todo}')
    .addHelpText('after', '\nExample:\n  $ rollcall doctor --data ./rollcall-data')
    .action(async (options: { data: string; json?: boolean }) => {
      const findings = await examine(options.data);
      if (options.json) findings.forEach(printJson);
      else printText(findings.map(renderFinding).join('\n'));
      const count = findings.filter(({ state }) => state === 'wrong').length;
      if (count > 0)
        throw new CommandFailure(EXIT.failed, `${count} of ${findings.length} checks found something wrong`);
    });
}

const MARKS = { ok: 'ok     ', warning: 'warning', wrong: 'WRONG  ' } as const;
const renderFinding = ({ check, state, detail, todo }: Finding): string =>
  `${MARKS[state]}  ${check}: ${detail}${todo === '' ? '' : `\n           → ${todo}`}`;

async function examine(root: string): Promise<Finding[]> {
  const node = checkNode(process.version);
  if (!existsSync(root)) {
    const todo = `"rollcall up --data ${root}" makes it; or name the right one with --data`;
    return [node, warning('data directory', `${root} is not there yet`, todo), ...(await checkUsualPorts())];
  }
  const data = openDataDirectory(root);
  const running = readRunning(data.running);
  const alive = running
    ? await checkRunning(data, running)
    : [notRunning(data, root), ...(await checkUsualPorts())];
  return [node, await checkDisk(data), ...checkRights(data), ...(await examineLog(root)), ...alive];
}

/** Who stopped it took its file away; a file without the process means that it was killed, and nobody may know. */
const notRunning = (data: DataDirectory, root: string): Finding =>
  wasKilled(data.running)
    ? wrong(
        'rollcall',
        `ended without being stopped, on ${data.root}`,
        `start it again: rollcall up --data ${root}`,
      )
    : warning('rollcall', `does not run on ${data.root}`, `rollcall up --data ${root}`);

/** In this environment; a setting that cannot be read is for `rollcall notify test` to explain. */
function configuredChannels(): string[] {
  const settings = channelConfigSchema.safeParse(process.env);
  return settings.success
    ? configuredNotifiers(settings.data, () => undefined).map(({ channel }) => channel)
    : [];
}

async function examineLog(root: string): Promise<Finding[]> {
  try {
    return await withInstallation(root, async ({ data, log }) => {
      const admin = await new AdminReader(log, 0).refresh();
      return [
        await checkLag(log),
        await checkClock(log, Date.now()),
        checkKeys(data, [...admin.banks.keys()]),
        ...checkTokens(admin, Date.now()),
        await checkDeadLetters(log),
        ...(await checkDelivery(log, configuredChannels())),
      ];
    });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return [
      wrong('event log', `cannot be read: ${detail}`, 'check rights and disk; restore it from a backup'),
    ];
  }
}
