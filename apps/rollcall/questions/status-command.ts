import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import type { StoreStatus } from '#attempt-store/attempt-store.js';
import { learningLines } from './filter-options.js';
import type { ConnectionOptions } from '../connection-options.js';
import { withConnection } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import { formatTime, printJson, printText, renderFacts } from '../output.js';
import { matching } from '../text-options.js';

export function registerStatus(program: Command): void {
  withConnection(program.command('status'))
    .description('how much there is and how fresh it is')
    .option('--bank <bank>', 'only this bank', matching(bankSchema))
    .addHelpText('after', '\nExample:\n  $ rollcall status --json')
    .action(async (options: ConnectionOptions & { bank?: string }) => {
      const status = await connectConsole(options).get<StoreStatus>('status', { bank: options.bank });
      if (options.json) {
        printJson(status);
        return;
      }
      printText(
        renderFacts([
          ['data as of', formatTime(status.asOf)],
          ['generation', status.generation],
          ['devices', status.devices],
          ['failing devices', status.failingDevices],
          ['cohorts', status.cohorts],
          ['attempts', status.attempts],
          ['reports', status.reports],
        ]),
      );
      learningLines(status.learning).forEach(printText);
    });
}
