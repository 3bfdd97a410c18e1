import type { Command } from 'commander';
import type { DeviceView } from '#attempt-store/attempt-store.js';
import type { ConnectionOptions } from '../connection-options.js';
import { withConnection } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import { formatTime, printJson, printText, renderFacts, renderTable } from '../output.js';
import { attemptTable } from './attempts-command.js';

/** A device's page for people. */
export function renderDevice(device: DeviceView): string {
  const facts = renderFacts([
    ['device', device.deviceKey],
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
  const latest = device.latest.map((item) => [item.kb, item.outcome, formatTime(item.at)]);
  return [
    facts,
    '',
    renderTable(['KB', 'latest outcome', 'at'], latest),
    '',
    attemptTable(device.attempts),
  ].join('\n');
}

export function registerDevice(program: Command): void {
  withConnection(program.command('device'))
    .description('everything about one device: latest outcome per KB, all attempts, codes')
    .argument('<key>', 'device key (pseudonym), such as d-7q3k…')
    .option('--bank <bank>', 'the bank, when the key exists in several')
    .addHelpText(
      'after',
      '\nExit code 3 when the device is not known.\n\nExample:\n  $ rollcall device d-mfrggzdfmztwq2lknnwg --json',
    )
    .action(async (key: string, options: ConnectionOptions & { bank?: string }) => {
      const path = `devices/${encodeURIComponent(key)}`;
      const device = await connectConsole(options).get<DeviceView>(path, { bank: options.bank });
      if (options.json) printJson(device);
      else printText(renderDevice(device));
    });
}
