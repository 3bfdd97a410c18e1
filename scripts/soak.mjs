// `npm run soak -- [--minutes N] [--kills 200] [--seed N]`: the guarantee no-attempt-lost for longer than CI has time for.
// Builds, runs the whole product under load, kills its processes with SIGKILL at random and at chosen moments (and all
// at once now and then), and compares what it counts with the senders' own ledgers. The load goes on until both the
// kills and the minutes are done. Prints `kills=… accepted=… lost=… doubled=…` and which moments were hit; exit code 0
// only when nothing was lost or doubled and a rebuild from the log gives the same views. The seed makes the same
// batches and the same choice of victims and moments; what they hit still depends on the machine. Then the guarantees on
// Kafka with more kills, and 100,000 cases of wild input for the readers of logs.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './ensure-installed.mjs';

const WILD_CASES = '100000';
/** At least so many projectors are killed on Kafka, and so many leaders of its partitions. */
const KAFKA_KILLS = 60;
const KAFKA_LEADER_KILLS = '9';
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
  console.error('usage: npm run soak -- [--minutes N] [--kills 200] [--seed N]');
  return null;
}

/** Runs a program from the project's root with its output on ours; true when it succeeded. */
function run(args, environment = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return status === 0;
}

function soak({ minutes = '0', kills = '200', seed }) {
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const jest = (path, environment) =>
    run([...flags, join(root, 'node_modules/jest/bin/jest.js'), path], environment);
  const nothingLost = jest('test/guarantees/no-attempt-lost', {
    ROLLCALL_SOAK_KILLS: kills,
    ROLLCALL_SOAK_MINUTES: minutes,
    ...(seed === undefined ? {} : { ROLLCALL_SOAK_SEED: seed }),
  });
  const nothingLostOnKafka = jest('test/guarantees/kafka', {
    ROLLCALL_SOAK_KAFKA_KILLS: String(Math.max(KAFKA_KILLS, Math.ceil(Number(kills) / 3))),
    ROLLCALL_SOAK_LEADER_KILLS: KAFKA_LEADER_KILLS,
    ...(seed === undefined ? {} : { ROLLCALL_SOAK_SEED: seed }),
  });
  const isTakenAsItComes = jest('libs/sources/wild-input', { ROLLCALL_WILD_CASES: WILD_CASES });
  return nothingLost && nothingLostOnKafka && isTakenAsItComes;
}

const options = readOptions();
if (!options) process.exitCode = 64;
else if (!(ensureInstalled() && run([join(root, 'scripts/build.mjs')]) && soak(options)))
  process.exitCode = 1;
