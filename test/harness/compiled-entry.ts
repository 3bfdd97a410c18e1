import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from '@swc/core';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Below node_modules, so that packages are found from here as from dist. */
const compiled = join(root, 'node_modules/.cache/rollcall-compiled');
const SOURCE_FOLDERS = ['apps', 'libs', 'dashboards', 'test/harness', 'test/bench'];
const ASSET = /\.(sql|json|log|xml|evtx|html|css|svg)$/;
const TEST = /\.(spec|contract)\.ts$/;

/**
 * Path of a runnable JavaScript file for a TypeScript source, for specs that start processes: compiles what changed
 * since the last call, file by file, without type checks (a colleague's half-written file does not stop a test).
 * Safe to call from several test processes at once: every file is replaced as a whole.
 * @param sourcePath relative to the project, e.g. `apps/collector/main.ts`
 * @throws Error when the source is missing or a file cannot be parsed
 */
export async function compiledEntry(sourcePath: string): Promise<string> {
  if (!existsSync(join(root, sourcePath))) throw new Error(`no such source: ${sourcePath}`);
  writePackageJson();
  const sources = SOURCE_FOLDERS.flatMap((folder) => filesBelow(join(root, folder)));
  await Promise.all(sources.map((path) => compileIfStale(path, sourcePath)));
  return outputOf(join(root, sourcePath));
}

const outputOf = (path: string): string => join(compiled, relative(root, path)).replace(/\.ts$/, '.js');

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    return (path.endsWith('.ts') && !TEST.test(path)) || ASSET.test(path) ? [path] : [];
  });
}

/** `#domain/…` and the like are resolved by the nearest package.json: this one points at the compiled files. */
function writePackageJson(): void {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    imports: Record<string, { source: string }>;
  };
  const imports = Object.fromEntries(Object.entries(own.imports).map(([name, { source }]) => [name, source]));
  mkdirSync(compiled, { recursive: true });
  replaceIfChanged(join(compiled, 'package.json'), JSON.stringify({ ...own, imports }, null, 2));
}

function replaceIfChanged(path: string, text: string): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  replaceFile(path, text);
}

/** A source that cannot be parsed right now only matters when it is the one asked for; others fail where they are imported. */
async function compileIfStale(path: string, wanted: string): Promise<void> {
  const output = outputOf(path);
  const source = statSync(path, { throwIfNoEntry: false });
  if (source === undefined || isMadeOf(source, output)) return;
  mkdirSync(dirname(output), { recursive: true });
  try {
    const code = path.endsWith('.ts') ? await compile(path) : readFileSync(path);
    replaceFile(output, code, source.mtime);
  } catch (error) {
    if (relative(root, path) === wanted) throw error;
  }
}

/** An output carries the time of its source, to the few milliseconds that file systems round. */
function isMadeOf(source: Stats, output: string): boolean {
  const made = statSync(output, { throwIfNoEntry: false });
  return made !== undefined && Math.abs(made.mtimeMs - source.mtimeMs) < 5;
}

async function compile(path: string): Promise<string> {
  const { code } = await transform(readFileSync(path, 'utf8'), {
    filename: path,
    swcrc: true,
    configFile: join(root, '.swcrc'),
  });
  return code;
}

function replaceFile(path: string, content: string | Uint8Array, modifiedAt?: Date): void {
  const draft = `${path}.${process.pid}.new`;
  writeFileSync(draft, content);
  if (modifiedAt !== undefined) utimesSync(draft, modifiedAt, modifiedAt);
  renameSync(draft, path);
}
