// `npm run demo`: installs and builds what is missing, then runs `rollcall demo` with the arguments given.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Rollcall needs Node.js 20.19 or newer; this is ${process.version}`);
  process.exit(1);
}
if (!ensureInstalled()) {
  console.error('npm ci failed; the demo needs the packages');
  process.exit(1);
}
const build = spawnSync(process.execPath, [join(root, 'scripts/build.mjs')], { stdio: ['ignore', 2, 2] });
if (build.status !== 0) process.exit(1);

const commandLine = join(root, 'dist/apps/rollcall/main.js');
const demo = spawn(process.execPath, [commandLine, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the demo too; this process waits for its orderly end.
for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => name === 'SIGTERM' && demo.kill(name));
demo.on('exit', (code) => process.exit(code ?? 1));
