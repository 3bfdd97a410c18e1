import { kbOfPackage } from '../kb/kb-catalogue.js';
import { readPackageState } from './package-state.js';
import type { PackageState } from './package-state.js';

/** One listing of a device's packages (`patch.device_inventory`). */
export interface PackageSnapshot {
  readonly takenAtMs: number;
  readonly packages: readonly {
    readonly identity: string;
    readonly kb?: string | undefined;
    readonly state: string;
    /** ISO time of the last change, when the listing knows it. */
    readonly installedAt?: string | undefined;
  }[];
}

/** Whether somebody should be told to uninstall a package. `ask`: nothing here speaks against it, nothing vouches for it. */
export interface UninstallAdvice {
  readonly advise: 'never' | 'not_now' | 'ask';
  readonly reason: string;
}

/** What the listings of a device tell of one package. */
export interface DevicePackage {
  readonly identity: string;
  /** null when the package has none, or the catalogue does not know it. */
  readonly kb: string | null;
  readonly state: PackageState;
  readonly broken: boolean;
  /** Since when it is in this state. */
  readonly sinceMs: number;
  /** True when the listing says so; false when it is only known to be so since the first listing that shows it. */
  readonly sinceIsTold: boolean;
  readonly lastSeenMs: number;
  readonly uninstall: UninstallAdvice;
}

interface Sighting {
  readonly takenAtMs: number;
  readonly toldMs: number | null;
  readonly kb: string | null;
  readonly state: PackageState;
  readonly broken: boolean;
}

/** The packages of one device by identity; the order of listings and their repetition mean nothing. */
export function tellPackages(snapshots: readonly PackageSnapshot[]): readonly DevicePackage[] {
  const sightings = new Map<string, Sighting[]>();
  for (const { takenAtMs, packages } of snapshots) {
    for (const { identity, kb, state, installedAt } of packages) {
      const own = sightings.get(identity) ?? [];
      sightings.set(identity, own);
      const told = Date.parse(installedAt ?? '');
      own.push({
        takenAtMs,
        toldMs: Number.isNaN(told) || told > takenAtMs ? null : told,
        kb: kb ?? kbOfPackage(identity),
        ...readPackageState(state),
      });
    }
  }
  return [...sightings]
    .map(([identity, seen]) => tellPackage(identity, [...seen].sort(compareSightings)))
    .sort((left, right) => (left.identity < right.identity ? -1 : 1));
}

function tellPackage(identity: string, seen: readonly Sighting[]): DevicePackage {
  const last = seen.at(-1) as Sighting;
  let first = last;
  for (const sighting of seen.toReversed()) {
    if (sighting.state !== last.state) break;
    first = sighting;
  }
  const { state, broken } = last;
  const told = last.toldMs ?? first.toldMs;
  return {
    identity,
    kb: last.kb,
    state,
    broken,
    sinceMs: told ?? first.takenAtMs,
    sinceIsTold: told !== null,
    lastSeenMs: last.takenAtMs,
    uninstall: adviceFor(identity, state, broken),
  };
}

/** Later listings win; two of one moment that contradict each other are ordered by what they say. */
function compareSightings(left: Sighting, right: Sighting): number {
  if (left.takenAtMs !== right.takenAtMs) return left.takenAtMs - right.takenAtMs;
  const [one, other] = [left, right].map((sighting) => JSON.stringify(sighting)) as [string, string];
  return one < other ? -1 : Number(one > other);
}

const isServicingStack = (identity: string): boolean => /^Package_for_ServicingStack/i.test(identity);

const PERMANENT: UninstallAdvice = { advise: 'never', reason: 'Permanent: Windows refuses to remove it.' };
const UNDER_WAY: UninstallAdvice = {
  advise: 'not_now',
  reason: 'An operation on it is under way: finish or undo that first.',
};
const BROKEN: UninstallAdvice = { advise: 'not_now', reason: 'Broken: repair the component store first.' };
const OPEN: UninstallAdvice = { advise: 'ask', reason: 'Nothing in the listing speaks for or against it.' };

/** Why removing a package in this state helps nobody. */
const ADVICE: Readonly<Record<PackageState, UninstallAdvice>> = {
  absent: { advise: 'never', reason: 'Absent: there is nothing to remove.' },
  superseded: {
    advise: 'never',
    reason: 'Superseded: a newer package is in its place; removing it changes nothing.',
  },
  permanent: PERMANENT,
  uninstall_pending: UNDER_WAY,
  resolving: UNDER_WAY,
  resolved: UNDER_WAY,
  staging: UNDER_WAY,
  staged: UNDER_WAY,
  install_pending: UNDER_WAY,
  partially_installed: BROKEN,
  installed: OPEN,
  unknown: OPEN,
};

/** Servicing stacks are permanent by design, whatever their state says. */
function adviceFor(identity: string, state: PackageState, broken: boolean): UninstallAdvice {
  if (isServicingStack(identity)) return PERMANENT;
  return broken ? BROKEN : ADVICE[state];
}

export interface StalePackage extends DevicePackage {
  readonly deviceKey: string;
  readonly pendingDays: number;
}

const DAY_MS = 86_400_000;

/** Packages that wait for their installation longer than `days`, oldest first: a risk before the next patch. */
export function stalePending(
  devices: readonly { readonly deviceKey: string; readonly packages: readonly DevicePackage[] }[],
  nowMs: number,
  days: number,
): readonly StalePackage[] {
  return devices
    .flatMap(({ deviceKey, packages }) =>
      packages
        .filter(({ state, sinceMs }) => state === 'install_pending' && nowMs - sinceMs > days * DAY_MS)
        .map((own) => ({ ...own, deviceKey, pendingDays: Math.floor((nowMs - own.sinceMs) / DAY_MS) })),
    )
    .sort((left, right) => left.sinceMs - right.sinceMs || (left.deviceKey < right.deviceKey ? -1 : 1));
}
