// Builds dist/: code by swc (types are checked by `npm run types`), data files copied, the command line made executable.
// Does nothing when dist is already made of these sources (a hash of paths, sizes and times); --force builds anyway.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.built-from');
const sourceFolders = ['apps', 'libs', 'dashboards', 'test/bench', 'test/harness'];
const assets = /\.(sql|json|log|xml|evtx|html|css|svg)$/;
const notAssets = /(^|\/)tsconfig[^/]*\.json$/;
const specs = /\.(spec|contract)\.ts$/;

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

const sources = sourceFolders
  .flatMap((folder) => filesBelow(join(root, folder)))
  .filter((path) => !specs.test(path))
  .map((path) => relative(root, path))
  .sort();

function hashOfSources() {
  const hash = createHash('sha256');
  for (const path of [
    ...sources,
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
  ]) {
    const { size, mtimeMs } = statSync(join(root, path));
    hash.update(`${path}\n${size}\n${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Output of a source that was deleted would still be found by imports. */
function removeOrphans() {
  const wanted = new Set(sources.map((path) => path.replace(/\.ts$/, '')));
  for (const path of filesBelow(dist)) {
    const name = relative(dist, path);
    if (name.startsWith('.')) continue;
    const source = name.replace(/\.js(\.map)?$/, '');
    if (!wanted.has(source) && !wanted.has(name)) rmSync(path);
  }
}

/** Only what is newer than its output; swc transpiles file by file, so nothing else can change. */
function transpile(path) {
  const output = join(dist, path.replace(/\.ts$/, '.js'));
  if (existsSync(output) && statSync(output).mtimeMs > statSync(join(root, path)).mtimeMs) return;
  const { code } = transformFileSync(join(root, path), { cwd: root, filename: join(root, path) });
  mkdirSync(dirname(output), { recursive: true });
  writeFileSync(output, code);
}

function build() {
  mkdirSync(dist, { recursive: true });
  rmSync(stamp, { force: true });
  const before = hashOfSources();
  removeOrphans();
  for (const path of sources) {
    if (path.endsWith('.ts')) transpile(path);
    if (!assets.test(path) || notAssets.test(path)) continue;
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    cpSync(join(root, path), join(dist, path));
  }
  const commandLine = join(dist, 'apps/rollcall/main.js');
  if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
  writeFileSync(stamp, before);
}

const forced = process.argv.includes('--force');
if (forced) rmSync(dist, { recursive: true, force: true });
const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfSources();
if (fresh) {
  console.error('build: dist is up to date');
} else {
  const startedAt = Date.now();
  build();
  console.error(`build: dist made in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}
