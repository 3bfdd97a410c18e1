/**
 * The engine's own process: runs ClickHouse inside this process until it is told to stop.
 *
 * `libchdb` holds the real `clickhouse local` main, exported as `chdb_query_cmdline`; a boot query opens the real HTTP
 * listener there. ffi-rs calls it on a thread of its own (a library that switches stacks trips ClickHouse's stack check).
 *
 * Arguments: those of `clickhouse local`. Standard input: one JSON line (`StopOrder`), then silence; its end is the
 * order to stop, so that the engine also ends, in order, when whoever started it was killed.
 * Exit code 0 = stopped, 1 = ClickHouse reported an error, 78 = this machine cannot run it; why is on standard error.
 */
import type * as FfiPackage from 'ffi-rs';
import { createRequire } from 'node:module';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { CANNOT_RUN_EXIT_CODE, STOP_QUERY } from './engine-words.js';
import type { StopOrder } from './engine-words.js';

type Ffi = typeof FfiPackage;

const HOW_TO_GO_ON =
  'install the optional packages (npm install --include=optional), or set ROLLCALL_CLICKHOUSE=http://user:password@host:8123 to use a ClickHouse server';

/**
 * Ends the process at once, without C's exit handlers: the library's own abort now and then after a clean stop, and
 * wait for ever while ClickHouse is starting (an engine whose supervisor was killed then would never end).
 */
function leave(exitCode: number): never {
  try {
    const ffi = createRequire(import.meta.url)('ffi-rs') as Ffi;
    const { I32, Void } = ffi.DataType;
    ffi.open({ library: 'self', path: '' });
    ffi.load({
      library: 'self',
      funcName: '_exit',
      retType: Void,
      paramsType: [I32],
      paramsValue: [exitCode],
    });
  } catch {
    // No ffi-rs: then no library with exit handlers was loaded either.
  }
  return (process as unknown as { reallyExit(code: number): never }).reallyExit(exitCode);
}

function refuse(reason: string): never {
  process.stderr.write(`the embedded ClickHouse cannot run here: ${reason}; ${HOW_TO_GO_ON}\n`);
  leave(CANNOT_RUN_EXIT_CODE);
}

function loadFfi(): Ffi {
  try {
    return createRequire(import.meta.url)('ffi-rs') as Ffi;
  } catch (error) {
    return refuse(`package ffi-rs cannot be loaded (${firstLine(error)})`);
  }
}

/** The shared library lies in a package per platform, a dependency of chdb. */
function findLibrary(): string {
  const platform = `${process.platform}-${process.arch}${process.platform === 'linux' ? '-gnu' : ''}`;
  const library = process.platform === 'darwin' ? 'libchdb.dylib' : 'libchdb.so';
  try {
    const chdb = createRequire(import.meta.url).resolve('chdb');
    return join(dirname(createRequire(chdb).resolve(`@chdb/lib-${platform}/package.json`)), library);
  } catch (error) {
    return refuse(`package chdb with its library for ${platform} is not installed (${firstLine(error)})`);
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

/** Runs the command line to its end; returns ClickHouse's error, or an empty text. */
async function runCommandLine(ffi: Ffi, commandLine: readonly string[]): Promise<string> {
  const { DataType } = ffi;
  try {
    ffi.open({ library: 'chdb', path: findLibrary() });
    const result = await ffi.load({
      library: 'chdb',
      funcName: 'chdb_query_cmdline',
      retType: DataType.External,
      paramsType: [DataType.I32, DataType.StringArray],
      paramsValue: [commandLine.length, [...commandLine]],
      runInNewThread: true,
    });
    const readError = {
      library: 'chdb',
      funcName: 'chdb_result_error',
      paramsType: [DataType.External],
      paramsValue: [result],
    };
    // Read as a pointer first: ffi-rs crashes on a NULL string, and NULL means "no error".
    if (ffi.isNullPointer(ffi.load({ ...readError, retType: DataType.External }))) return '';
    return ffi.load({ ...readError, retType: DataType.String });
  } catch (error) {
    return refuse(`its library lacks what Rollcall needs (${firstLine(error)})`);
  }
}

/** Ends the boot query. ClickHouse then closes its listener and lets running inserts and queries finish. */
function endBootQuery(order: StopOrder): void {
  const call = request(order.url, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': order.user, 'X-ClickHouse-Key': order.password, connection: 'close' },
  });
  call.on('error', () => {
    leave(1); // nobody listens yet or any more: there is nothing to let finish
  });
  call.on('response', (response) => response.resume());
  call.end(STOP_QUERY);
}

function watchStandardInput(): void {
  let order: StopOrder | undefined;
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      order ??= JSON.parse(line) as StopOrder;
    })
    .on('close', () => {
      if (order === undefined) leave(1);
      endBootQuery(order);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), order.graceMs);
    });
}

watchStandardInput();
const failure = await runCommandLine(loadFfi(), ['clickhouse-local', ...process.argv.slice(2)]);
if (failure === '' || failure.includes('QUERY_WAS_CANCELLED')) leave(0);
process.stderr.write(`${failure.split(', Stack trace')[0]?.trim() ?? ''}\n`);
leave(1);
