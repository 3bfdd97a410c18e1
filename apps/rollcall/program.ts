import { Command, CommanderError } from 'commander';
import { CommandFailure, EXIT } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { note } from './output.js';

type Register = (program: Command) => void;

/** Every command registers itself from its own folder. Order of --help; a command is loaded only when it is asked for. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  up: async () => (await import('./up/up-command.js')).registerUp,
  bank: async () => (await import('./bank/bank-command.js')).registerBank,
  token: async () => (await import('./token/token-command.js')).registerToken,
  cohorts: async () => (await import('./questions/cohorts-command.js')).registerCohorts,
  device: async () => (await import('./questions/device-command.js')).registerDevice,
  attempts: async () => (await import('./questions/attempts-command.js')).registerAttempts,
  alerts: async () => (await import('./alerts/alerts-command.js')).registerAlerts,
  status: async () => (await import('./questions/status-command.js')).registerStatus,
  case: async () => (await import('./case/case-command.js')).registerCase,
  import: async () => (await import('./import/import-command.js')).registerImport,
  evidence: async () => (await import('./evidence/evidence-command.js')).registerEvidence,
  wsus: async () => (await import('./wsus/wsus-command.js')).registerWsus,
  code: async () => (await import('./code/code-command.js')).registerCode,
  kb: async () => (await import('./kb/kb-command.js')).registerKb,
  remedies: async () => (await import('./remedies/remedies-command.js')).registerRemedies,
  rebuild: async () => (await import('./rebuild/rebuild-command.js')).registerRebuild,
  simulate: async () => (await import('./simulate/simulate-command.js')).registerSimulate,
  demo: async () => (await import('./demo/demo-command.js')).registerDemo,
  topics: async () => (await import('./topics/topics-command.js')).registerTopics,
  lag: async () => (await import('./lag/lag-command.js')).registerLag,
  'dead-letters': async () => (await import('./dead-letters/dead-letters-command.js')).registerDeadLetters,
  log: async () => (await import('./log-copy/log-command.js')).registerLog,
  notify: async () => (await import('./notify/notify-command.js')).registerNotify,
  doctor: async () => (await import('./doctor/doctor-command.js')).registerDoctor,
};

/** The command line with the command of its first argument; with every command when that names none (help, a typing error). */
async function createProgram(wanted: string | undefined): Promise<Command> {
  const program = new Command('rollcall')
    .description(
      'Watches Windows patching in fleets of bank PCs: attempts in, failing cohorts, alerts and cases out.',
    )
    .version('0.1.0')
    .exitOverride()
    // `cohorts --json` and `cohorts explain ID --json` are two commands' options.
    .enablePositionalOptions()
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
  const known = wanted !== undefined && Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined;
  for (const load of known ? [known] : Object.values(COMMANDS)) (await load())(program);
  return program;
}

/** Runs one command line (without `node` and script name) and answers its exit code; says on stderr what went wrong. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    const program = await createProgram(args[0]);
    await program.parseAsync([...args], { from: 'user' });
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
