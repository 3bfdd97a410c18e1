import type { Command } from 'commander';
import { registerCheck } from './check-command.js';
import { registerHash } from './hash-command.js';
import { registerPackages } from './packages-command.js';
import { registerStale } from './stale-command.js';

/** Questions about updates and their files, answered from the catalogue in the program: no server, no network. */
export function registerKb(program: Command): void {
  const kb = program
    .command('kb')
    .description('updates: does one fit a device, is a file what it claims to be');
  registerCheck(kb);
  registerHash(kb);
  registerPackages(kb);
  registerStale(kb);
}
