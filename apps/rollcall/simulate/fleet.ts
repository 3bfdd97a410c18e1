import { createHash } from 'node:crypto';
import { base32 } from '#domain/base32.js';
import { createRandom } from './random.js';
import { BUILD_LINES } from './releases.js';
import type { BuildLine } from './releases.js';

export interface FleetSettings {
  readonly seed: string;
  readonly bankCount: number;
  readonly devicesPerBank: number;
}

/** A simulated PC. Its key looks like the pseudonyms the collector makes. */
export interface SimulatedDevice {
  readonly bank: string;
  readonly deviceKey: string;
  readonly osInstance: string;
  readonly line: BuildLine;
  readonly branch: string;
  readonly channel: 'wsus' | 'configmgr' | 'wu' | 'msu_wusa';
  readonly manufacturer: string;
  readonly model: string;
  /** Reports travel by a weekly carrier instead of the network. */
  readonly offline: boolean;
  readonly upgradedFrom: string | undefined;
}

const DEVICES_A_BRANCH = 100;
const MODELS = [
  { weight: 5, manufacturer: 'Northwind', model: 'Teller 300' },
  { weight: 3, manufacturer: 'Northwind', model: 'Teller 310' },
  { weight: 3, manufacturer: 'Fabrikam', model: 'Desk 8' },
  { weight: 1, manufacturer: 'Contoso', model: 'Kiosk 2' },
] as const;
const CHANNELS = [
  { weight: 70, channel: 'wsus' },
  { weight: 16, channel: 'configmgr' },
  { weight: 8, channel: 'wu' },
  { weight: 6, channel: 'msu_wusa' },
] as const;

export const bankName = (index: number): string => `bank-${String.fromCharCode(97 + index)}`;
export const branchName = (index: number): string => `branch-${String(index + 1).padStart(3, '0')}`;

/** The devices of all banks; the same settings give the same fleet. */
export function buildFleet(settings: FleetSettings): SimulatedDevice[] {
  const banks = Array.from({ length: settings.bankCount }, (_, index) => bankName(index));
  return banks.flatMap((bank) =>
    Array.from({ length: settings.devicesPerBank }, (_, index) => buildDevice(settings.seed, bank, index)),
  );
}

function buildDevice(seed: string, bank: string, index: number): SimulatedDevice {
  const identity = `${seed}/${bank}/${index}`;
  const hash = createHash('sha256').update(identity).digest();
  const random = createRandom(identity);
  const branchIndex = Math.floor(index / DEVICES_A_BRANCH);
  // A branch is bought and imaged at once: most of its PCs run one line.
  const branchLine = createRandom(`${seed}/${bank}/branch/${branchIndex}`).pick(BUILD_LINES);
  const line = random.chance(0.85) ? branchLine : random.pick(BUILD_LINES);
  const { manufacturer, model } = random.pickWeighted(MODELS);
  return {
    bank,
    deviceKey: `d-${base32(hash, 20)}`,
    osInstance: hash.toString('hex', 20, 28),
    line,
    branch: branchName(branchIndex),
    channel: random.pickWeighted(CHANNELS).channel,
    manufacturer,
    model,
    offline: random.chance(0.06),
    upgradedFrom: line === 19044 && random.chance(0.2) ? 'V2020-L' : undefined,
  };
}
