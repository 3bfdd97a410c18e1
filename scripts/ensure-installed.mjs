import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** npm leaves the lock it installed in node_modules; a package that another machine needs may rightly be missing there. */
function isInstalled() {
  const installedLock = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedLock, 'utf8')).packages;
  return Object.entries(wanted).every(([path, { version, optional, devOptional, link }]) => {
    if (path === '' || link) return true;
    const found = installed[path];
    return found
      ? found.version === version && existsSync(join(root, path))
      : Boolean(optional ?? devOptional);
  });
}

/** Runs `npm ci` unless node_modules already holds what package-lock.json names. Answers whether all is there. */
export function ensureInstalled() {
  if (isInstalled()) return true;
  console.error('installing packages (npm ci)');
  const windows = process.platform === 'win32';
  const result = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: windows,
  });
  return result.status === 0;
}
