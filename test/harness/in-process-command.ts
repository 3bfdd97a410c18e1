import { runCommandLine } from '../../apps/rollcall/program.js';

/** What one command line ended with and printed. */
export interface CommandOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The lines of stdout, each read as JSON. */
  items<T>(): T[];
}

/** Runs `rollcall …` in this process, so that a test of many command lines is quick. One at a time. */
export async function rollcallHere(...args: readonly string[]): Promise<CommandOutcome> {
  let out = '';
  let err = '';
  const { stdout, stderr } = process;
  const [writeOut, writeErr] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  stdout.write = (text: string | Uint8Array) => {
    out += String(text);
    return true;
  };
  stderr.write = (text: string | Uint8Array) => {
    err += String(text);
    return true;
  };
  try {
    const code = await runCommandLine(args);
    const items = <T>(): T[] =>
      out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as T);
    return { code, out, err, items };
  } finally {
    stdout.write = writeOut;
    stderr.write = writeErr;
  }
}
