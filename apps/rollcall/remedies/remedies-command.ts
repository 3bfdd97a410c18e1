import type { Command } from 'commander';
import { registerAdvice } from './advice-command.js';
import { registerLedger } from './ledger-commands.js';
import { registerRecord } from './record-commands.js';

/** What helps against a failure: advised offline, counted by a running Rollcall. */
export function registerRemedies(program: Command): void {
  const remedies = program.command('remedies').enablePositionalOptions();
  registerAdvice(remedies);
  registerRecord(remedies);
  registerLedger(remedies);
}
