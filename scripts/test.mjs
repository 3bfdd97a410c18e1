// `npm test`: installs what is missing, runs every check and every test, ends with `N passed, N failed`.
// A check counts as one test. Exit code 1 on any failure.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './ensure-installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
let passed = 0;
let failed = 0;

const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

/** Runs a program from the project's root; its output is kept for failures, or shown at once. */
function run(command, args, { show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', show ? 2 : 'pipe', show ? 2 : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (data) => (output += data));
    child.stderr?.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ ok: false, output: `${output}${error.message}` }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

const bin = (path, ...args) => [process.execPath, [join(root, 'node_modules', path), ...args]];

async function check(name, work) {
  const since = Date.now();
  const { ok, output } = await work();
  if (ok) passed += 1;
  else failed += 1;
  console.log(`${ok ? 'ok  ' : 'FAIL'}  ${name} (${seconds(since)} s)`);
  if (!ok) console.log(output.trimEnd().split('\n').slice(-80).join('\n'));
}

/** Builds one app by the Nest CLI into a folder of its own, so that dist stays as it is. */
async function nestBuild(app) {
  const config = join(root, 'apps', app, 'tsconfig.nest-check.json');
  const settings = JSON.parse(readFileSync(join(root, 'apps', app, 'tsconfig.app.json'), 'utf8'));
  settings.compilerOptions.outDir = join(work, `nest-${app}`);
  writeFileSync(config, JSON.stringify(settings));
  try {
    const result = await run(
      ...bin('@nestjs/cli/bin/nest.js', 'build', app, '--path', relative(root, config)),
    );
    const made = existsSync(join(work, `nest-${app}`, 'apps', app, 'main.js'));
    return { ok: result.ok && made, output: made ? result.output : `${result.output}\nmain.js was not made` };
  } finally {
    rmSync(config, { force: true });
  }
}

/** The committed dashboards must be what their sources make. */
async function dashboards() {
  const folder = join(root, 'dashboards/generated');
  const before = join(work, 'dashboards-before');
  cpSync(folder, before, { recursive: true });
  const result = await run(process.execPath, [join(root, 'dist/dashboards/write-dashboards.js')]);
  const names = new Set([...readdirSync(folder), ...readdirSync(before)]);
  const changed = [...names].filter((name) => {
    const [left, right] = [join(folder, name), join(before, name)];
    return (
      !existsSync(left) || !existsSync(right) || readFileSync(left, 'utf8') !== readFileSync(right, 'utf8')
    );
  });
  const output = `${result.output}\nnot what the sources make: ${changed.join(', ')} (npm run dashboards)`;
  return { ok: result.ok && changed.length === 0, output };
}

/** Every test; one that cannot even be loaded counts as failed. */
async function jest() {
  const since = Date.now();
  const results = join(work, 'jest.json');
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jestBin = join(root, 'node_modules/jest/bin/jest.js');
  await run(process.execPath, [...flags, jestBin, '--json', `--outputFile=${results}`], { show: true });
  if (!existsSync(results)) {
    failed += 1;
    console.log('FAIL  jest ended without results');
    return;
  }
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, testResults } = JSON.parse(
    readFileSync(results, 'utf8'),
  );
  passed += numPassedTests;
  failed += numFailedTests + numRuntimeErrorTestSuites;
  console.log(
    `jest: ${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed (${seconds(since)} s)`,
  );
  for (const suite of testResults.filter(({ status }) => status === 'failed'))
    console.log(`FAIL  ${relative(root, suite.name)}`);
  // A test that cannot run here says why in its name.
  const left = testResults.flatMap(({ assertionResults }) => assertionResults);
  for (const { fullName } of left.filter(({ status }) => status === 'pending'))
    console.log(`NOT RUN  ${fullName}`);
}

const startedAt = Date.now();
try {
  if (!ensureInstalled()) {
    failed += 1;
    console.log('FAIL  npm ci');
  } else {
    await Promise.all([
      (async () => {
        await check('types', () => run(...bin('typescript/bin/tsc', '--noEmit')));
        await check('build', () => run(process.execPath, [join(root, 'scripts/build.mjs')]));
        await check('unused code (knip)', () => run(...bin('knip/bin/knip.js')));
        await check('formatting (prettier)', () =>
          run(...bin('prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.')),
        );
      })(),
      (async () => {
        await check('dictionary of error codes', () =>
          run(process.execPath, [join(root, 'scripts/dictionary-check.mjs')]),
        );
        await check('lint (eslint)', () => run(...bin('eslint/bin/eslint.js', '.')));
        await check('import rules (dependency-cruiser)', () =>
          run(
            ...bin(
              'dependency-cruiser/bin/dependency-cruise.mjs',
              '--config',
              '.dependency-cruiser.mjs',
              'apps',
              'libs',
              'dashboards',
              'test',
            ),
          ),
        );
      })(),
    ]);
    const apps = ['collector', 'projector', 'console', 'rollcall'];
    const nest = (app) => check(`nest build ${app}`, () => nestBuild(app));
    await Promise.all([nest(apps[0]), nest(apps[1])]);
    await Promise.all([nest(apps[2]), nest(apps[3])]);
    if (existsSync(join(root, 'dist/dashboards/write-dashboards.js')))
      await check('dashboards are as generated', dashboards);
    await jest();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`all in ${seconds(startedAt)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
