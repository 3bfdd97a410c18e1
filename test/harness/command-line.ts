import { spawn } from 'node:child_process';
import { compiledEntry } from './compiled-entry.js';

/** What a command line ended with. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `rollcall …` on a data directory as a process of its own. */
export async function runRollcall(
  data: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const entry = await compiledEntry('apps/rollcall/main.ts');
  const child = spawn(process.execPath, [entry, ...args, '--data', data], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}

/** Adds a bank; answers a token that may send for it. */
export async function addSender(
  data: string,
  bank: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  await mustRun(data, ['bank', 'add', bank], environment);
  const { stdout } = await mustRun(data, tokenWish(bank), environment);
  return tokenIn(stdout);
}

/** @param more further options, as `--expires-in 1s` */
export async function createSenderToken(
  data: string,
  bank: string,
  ...more: readonly string[]
): Promise<string> {
  const { stdout } = await mustRun(data, [...tokenWish(bank), ...more]);
  return tokenIn(stdout);
}

const tokenWish = (bank: string) => ['token', 'create', '--bank', bank, '--scope', 'collect', '--json'];

const tokenIn = (stdout: string): string => (JSON.parse(stdout) as { token: string }).token;

async function mustRun(
  data: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<CommandResult> {
  const result = await runRollcall(data, args, environment);
  if (result.code !== 0)
    throw new Error(`rollcall ${args.join(' ')}: exit code ${result.code}: ${result.stderr}`);
  return result;
}
