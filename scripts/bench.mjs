// `npm run bench [-- --quick] [name …]`: installs and builds what is missing, then measures. JSON on stdout, progress on stderr.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
if (!ensureInstalled()) {
  console.error('npm ci failed; the benchmarks need the packages');
  process.exit(1);
}
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(1);

const bench = spawn(
  process.execPath,
  [join(root, 'dist/test/bench/run-bench.js'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
  },
);
bench.on('exit', (code) => process.exit(code ?? 1));
