import type { Command } from 'commander';
import { withConnection } from '../connection-options.js';
import { instant, wholeNumber } from '../number-options.js';
import type { StaleOptions } from './list-stale.js';

export function registerStale(kb: Command): void {
  withConnection(kb.command('stale'))
    .description('devices on which a package waits long for its installation: a risk before the next patch')
    .option('--days <days>', 'longer than so many days', wholeNumber(0, 10_000), 14)
    .option('--at <time>', 'looked at from this time (default: now)', instant)
    .option('--bank <bank>', 'only this bank')
    .addHelpText('after', '\nExample:\n  $ rollcall kb stale --days 30 --json')
    .action(async (options: StaleOptions) => {
      // Loaded only here: whoever checks a KB waits for no client of the console.
      const { listStale } = await import('./list-stale.js');
      await listStale(options);
    });
}
