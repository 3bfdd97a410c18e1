import { Command, CommanderError } from 'commander';
import { registerBank } from './bank/bank-command.js';
import { registerCase } from './case/case-command.js';
import { registerDemo } from './demo/demo-command.js';
import { registerDoctor } from './doctor/doctor-command.js';
import { registerImport } from './import/import-command.js';
import { CommandFailure, EXIT } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { note } from './output.js';
import { registerAlerts } from './questions/alerts-command.js';
import { registerAttempts } from './questions/attempts-command.js';
import { registerCohorts } from './questions/cohorts-command.js';
import { registerDevice } from './questions/device-command.js';
import { registerStatus } from './questions/status-command.js';
import { registerRebuild } from './rebuild/rebuild-command.js';
import { registerSimulate } from './simulate/simulate-command.js';
import { registerToken } from './token/token-command.js';
import { registerUp } from './up/up-command.js';

/** The whole command line; each command registers itself from its own folder. */
export function createProgram(): Command {
  const program = new Command('rollcall')
    .description(
      'Watches Windows patching in fleets of bank PCs: attempts in, failing cohorts, alerts and cases out.',
    )
    .version('0.1.0')
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError('(add --help for options and examples)')
    .addHelpText(
      'after',
      `
Exit codes: 0 done or yes, 1 failed, 2 a negative verdict, 3 not known, 64 wrong usage.
Results go to stdout, progress to stderr; --json gives one object, or one object a line for lists.

Start here:
  $ rollcall demo                 a simulated fleet, an incident, the alert, a case draft
  $ rollcall up                   run Rollcall on this machine
  $ rollcall bank add bank-a && rollcall token create --bank bank-a --scope collect`,
    );
  registerUp(program);
  registerBank(program);
  registerToken(program);
  registerCohorts(program);
  registerDevice(program);
  registerAttempts(program);
  registerAlerts(program);
  registerStatus(program);
  registerCase(program);
  registerImport(program);
  registerRebuild(program);
  registerSimulate(program);
  registerDemo(program);
  registerDoctor(program);
  return program;
}

/** Runs one command line (without `node` and script name) and answers its exit code; says on stderr what went wrong. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    await createProgram().parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof CommandFailure) {
      note(`rollcall: ${error.message}`);
      return error.exitCode;
    }
    note(`rollcall: ${error instanceof Error ? error.message : String(error)}`);
    return EXIT.failed;
  }
}
