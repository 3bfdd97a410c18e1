import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import type { DeviceView } from '#attempt-store/attempt-store.js';
import type { CommonFactor } from '#domain/common-factor/common-factors.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { nameMapFile, readNameMap } from '#runtime/name-map.js';
import type { ConnectionOptions } from '../connection-options.js';
import { withConnection } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import type { ListAnswer } from '../console-client.js';
import { factorTable } from '../explain/explain-command.js';
import { formatTime, printJson, printText, renderFacts, renderTable, shorten } from '../output.js';
import { matching } from '../text-options.js';
import { attemptTable } from './attempts-command.js';

/** A device's page for people. @param name from the bank's name map; undefined = not asked for */
export function renderDevice(device: DeviceView, name?: string | null): string {
  const facts = renderFacts([
    ['device', device.deviceKey],
    ...(name === undefined ? [] : [['name', name ?? 'not known'] as const]),
    ['bank', device.bank],
    ['build', device.osBuild],
    ['model', device.model],
    ['branch', device.branch],
    [
      'codes',
      Object.entries(device.codes)
        .map(([code, count]) => `${code} ×${count}`)
        .join(', ') || 'none',
    ],
  ]);
  const latest = device.latest.map((item) => [shorten(item.kb), item.outcome, formatTime(item.at)]);
  return [
    facts,
    '',
    renderTable(['KB', 'latest outcome', 'at'], latest),
    '',
    attemptTable(device.attempts),
  ].join('\n');
}

/** From the bank's own file in the data directory, never over HTTP; null when it is not there. */
async function findName(data: string, device: DeviceView, askedKey: string): Promise<string | null> {
  if (!existsSync(data)) return null;
  const { names } = await readNameMap(nameMapFile(openDataDirectory(data).names, device.bank));
  return names.get(askedKey) ?? names.get(device.deviceKey) ?? null;
}

type DeviceOptions = ConnectionOptions & {
  readonly bank?: string;
  readonly names?: boolean;
  readonly factors?: boolean;
};

export function registerDevice(program: Command): void {
  withConnection(program.command('device'))
    .description('everything about one device: latest outcome per KB, all attempts, codes')
    .argument('<key>', 'device key (pseudonym), such as d-7q3k…')
    .option('--bank <bank>', 'the bank, when the key exists in several', matching(bankSchema))
    .option('--names', 'show the device’s name too, from the name map in --data (rollcall bank names --help)')
    .option('--factors', 'and what its failures share beyond their codes, against successes of others')
    .addHelpText(
      'after',
      '\nExit code 3 when the device is not known.\n\nExample:\n  $ rollcall device d-mfrggzdfmztwq2lknnwg --factors',
    )
    .action(async (key: string, options: DeviceOptions) => {
      const path = `devices/${encodeURIComponent(key)}`;
      const { bank } = options;
      const client = connectConsole(options);
      const device = await client.get<DeviceView>(path, { bank });
      const name = options.names ? await findName(options.data, device, key) : undefined;
      const factors = options.factors
        ? (await client.get<ListAnswer<CommonFactor>>(`${path}/factors`, { bank })).items
        : undefined;
      if (options.json)
        printJson({
          ...device,
          ...(name === undefined ? {} : { name }),
          ...(factors === undefined ? {} : { commonFactors: factors }),
        });
      else
        printText(
          `${renderDevice(device, name)}${factors === undefined ? '' : `\n\n${factorTable(factors)}`}`,
        );
    });
}
