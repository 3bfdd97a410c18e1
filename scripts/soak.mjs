// `npm run soak -- [--minutes N] [--kills N] [--seed N]`: the guarantees under faults, for longer than CI has time for.
//
// 1. The whole product on one machine, its processes killed with SIGKILL at random and at chosen moments, and all at once
//    now and then, until the kills and the minutes are done (default: 200 kills; with --minutes as many as they hold).
// 2. On Kafka: 60 projectors killed between insert and commit, the broker killed; three brokers with nine leaders killed;
//    ClickHouse and the network away for 3 minutes, a broker that hangs, a full disk; projectors that join, die and hang.
// 3. 100,000 cases of wild input for the readers of logs.
//
// What senders were told was accepted is compared with what the product counts; each part prints its
// `accepted=… lost=… doubled=…`, the last line is their sum. Exit code 0 only when nothing was lost or doubled and
// nothing else failed. `--minutes` is of part 1; the rest takes 30 to 40 minutes beside and after it on two cores. The seed makes the same batches and the same choice of victims and moments; what they hit still
// depends on the machine. Needs Java 17 and Maven; root for the parts that cut the network and fill the disk.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './ensure-installed.mjs';

const WILD_CASES = '100000';
const FAULTS_ON_KAFKA = {
  ROLLCALL_SOAK_KAFKA_KILLS: '60',
  ROLLCALL_SOAK_BROKER_KILLS: '3',
  ROLLCALL_SOAK_LEADER_KILLS: '9',
  ROLLCALL_SOAK_AWAY_SECONDS: '180',
};
const root = fileURLToPath(new URL('..', import.meta.url));

function readOptions() {
  try {
    const option = { type: 'string' };
    const { values } = parseArgs({ options: { minutes: option, kills: option, seed: option } });
    const wrong = Object.entries(values).find(([, value]) => !/^\d{1,9}$/.test(value));
    if (!wrong) return values;
    console.error(`soak: --${wrong[0]} takes a whole number, not "${wrong[1]}"`);
  } catch (error) {
    console.error(`soak: ${error.message}`);
  }
  console.error('usage: npm run soak -- [--minutes N] [--kills N] [--seed N]');
  return null;
}

/** Runs a program from the project's root, shows its output and hands its lines over; true when it succeeded. */
function run(args, environment = {}, onLine = () => {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A part that cannot run is a failure, not a part left out.
      env: { ...process.env, CI: 'true', ...environment },
    });
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        console.log(line);
        onLine(line);
      });
    child.once('close', (code) => resolve(code === 0));
  });
}

async function soak({ minutes, kills = minutes === undefined ? '200' : '20', seed }) {
  const sum = { accepted: 0, lost: 0, doubled: 0 };
  const jest = async (path, environment) => {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const seeds = seed === undefined ? {} : { ROLLCALL_SOAK_SEED: seed };
    const bin = join(root, 'node_modules/jest/bin/jest.js');
    let accepted = 0;
    const book = (line) => {
      const told = /accepted=(\d+) lost=(\d+) doubled=(\d+)/.exec(line);
      if (!told) return;
      // A part tells it again and again, each time of everything so far.
      accepted = Math.max(accepted, Number(told[1]));
      sum.lost += Number(told[2]);
      sum.doubled += Number(told[3]);
    };
    const isGood = await run(
      [...flags, bin, '--runInBand', '--verbose', path],
      { ...seeds, ...environment },
      book,
    );
    sum.accepted += accepted;
    console.log(`soak: ${isGood ? 'ok  ' : 'FAIL'}  ${path}`);
    return isGood;
  };
  const onKafka = (name) => [`test/guarantees/kafka/${name}`, FAULTS_ON_KAFKA];
  const onLmdb = [
    'test/guarantees/no-attempt-lost',
    { ROLLCALL_SOAK_KILLS: kills, ROLLCALL_SOAK_MINUTES: minutes ?? '0' },
  ];
  const wild = ['libs/sources/wild-input', { ROLLCALL_WILD_CASES: WILD_CASES }];
  const failed = [];
  const inTurn = async (parts) => {
    for (const [path, environment] of parts) if (!(await jest(path, environment))) failed.push(path);
  };
  // Most of the time something is awaited: a start, a time-out.
  await Promise.all([
    inTurn([onLmdb, onKafka('several-projectors'), onKafka('faults'), wild]),
    inTurn([onKafka('one-broker'), onKafka('three-brokers'), onKafka('two-watchers')]),
  ]);
  for (const path of failed) console.log(`soak: failed: ${path}`);
  console.log(`soak: accepted=${sum.accepted} lost=${sum.lost} doubled=${sum.doubled}`);
  return failed.length === 0 && sum.lost === 0 && sum.doubled === 0;
}

const options = readOptions();
if (!options) process.exitCode = 64;
else if (!(ensureInstalled() && (await run([join(root, 'scripts/build.mjs')])) && (await soak(options))))
  process.exitCode = 1;
