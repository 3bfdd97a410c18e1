import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { allDashboards, dashboardJson } from './all-dashboards.js';

/** Relative to the project's root, where `npm run dashboards` runs. */
const DIRECTORY = 'dashboards/generated';

/** Writes `dashboards/generated/*.json`; with `--check` only says what differs and exits 1 if anything does. */
function main(): void {
  const wanted = new Map(
    Object.entries(allDashboards).map(([name, built]) => [`${name}.json`, dashboardJson(built)]),
  );
  mkdirSync(DIRECTORY, { recursive: true });
  const present = readdirSync(DIRECTORY).filter((file) => file.endsWith('.json'));
  const differing = [
    ...[...wanted]
      .filter(([file, json]) => !present.includes(file) || read(file) !== json)
      .map(([file]) => file),
    ...present.filter((file) => !wanted.has(file)),
  ];
  if (process.argv.includes('--check')) {
    for (const file of differing)
      process.stderr.write(`${join(DIRECTORY, file)} is not what the source builds\n`);
    if (differing.length > 0) process.stderr.write('run "npm run dashboards" and commit the result\n');
    process.exitCode = differing.length > 0 ? 1 : 0;
    return;
  }
  for (const file of present) if (!wanted.has(file)) rmSync(join(DIRECTORY, basename(file)));
  for (const [file, json] of wanted) writeFileSync(join(DIRECTORY, file), json);
  process.stdout.write(`${wanted.size} dashboards written, ${differing.length} changed\n`);
}

const read = (file: string): string => readFileSync(join(DIRECTORY, file), 'utf8');

main();
