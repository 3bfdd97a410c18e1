// Builds dist/: types and code by tsc, data files copied, the command line made executable.
// Does nothing when dist is already made of these sources (a hash of paths, sizes and times); --force builds anyway.
import { spawnSync } from 'node:child_process';
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

function build() {
  mkdirSync(dist, { recursive: true });
  rmSync(stamp, { force: true });
  const before = hashOfSources();
  removeOrphans();
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const buildInfo = join(dist, '.tsbuildinfo');
  const made = existsSync(join(dist, 'apps/rollcall/main.js'));
  if (!made) rmSync(buildInfo, { force: true });
  const args = [tsc, '-p', 'tsconfig.build.json', '--incremental', '--tsBuildInfoFile', buildInfo];
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] });
  for (const path of sources) {
    if (!assets.test(path) || notAssets.test(path)) continue;
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    cpSync(join(root, path), join(dist, path));
  }
  const commandLine = join(dist, 'apps/rollcall/main.js');
  if (existsSync(commandLine)) chmodSync(commandLine, 0o755);
  if (result.status !== 0) return result.status ?? 1;
  writeFileSync(stamp, before);
  return 0;
}

const forced = process.argv.includes('--force');
if (forced) rmSync(dist, { recursive: true, force: true });
const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfSources();
if (fresh) {
  console.error('build: dist is up to date');
} else {
  const startedAt = Date.now();
  process.exitCode = build();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.error(
    process.exitCode === 0 ? `build: dist made in ${seconds} s` : `build: FAILED after ${seconds} s`,
  );
}
