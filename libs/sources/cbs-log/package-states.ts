import { detach } from '../line-splitter.js';
import { packageStateName } from '../package-state-names.js';
import type { UndatedInventory } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import { PACKAGE_CHANGE, packageName } from './cbs-sentences.js';

/** Groups: package, its state as a number. */
const CACHED =
  /^Read out cached (?:package applicability|applicability from TiLight) for package: ([^,\s]+), ApplicableState: ?-?\d{1,10}, CurrentState: ?(-?\d{1,10})/;
/** As many as an inventory holds. */
const MOST_PACKAGES = 2_000;
const ABSENT = 'Absent';

/** What a log said last of the states of packages. */
export interface StatesSeen {
  readonly stamp: string;
  readonly line: number;
  readonly inventory: UndatedInventory;
}

/**
 * The package states that a CBS log states in passing: what it read out of its cache, and what a package was changed to.
 * Only packages it spoke of, so the build is not concluded. Packages that were absent all along are offers, not facts
 * about the device, and are left out.
 */
export class PackageStates {
  private readonly states = new Map<string, string>();
  private stamp = '';
  private line = 0;

  /** True when the record says nothing else than a state. */
  take({
    message,
    stamp,
    line,
  }: {
    readonly message: string;
    readonly stamp: string;
    readonly line: number;
  }): boolean {
    const cached = CACHED.exec(message);
    if (cached) {
      const value = Number(cached[2]);
      // CBS marks broken variants of a state by a negative value: kept as written.
      const state = packageStateName(value) ?? (packageStateName(-value) && String(value));
      if (state !== undefined) this.set(cached[1] ?? '', state, stamp, line);
      return true;
    }
    const change = PACKAGE_CHANGE.exec(message);
    if (change) this.set(packageName(change[1] ?? ''), (change[2] ?? '').trim(), stamp, line, true);
    return false;
  }

  seen(): StatesSeen | null {
    if (this.states.size === 0) return null;
    const packages = [...this.states].map(([identity, state]) => {
      const kb = kbIn(identity);
      return { identity, ...(kb !== undefined && { kb }), state };
    });
    return {
      stamp: this.stamp,
      line: this.line,
      inventory: { eventType: 'patch.device_inventory', source: 'cbs_log', packages },
    };
  }

  private set(identity: string, state: string, stamp: string, line: number, changed = false): void {
    const name = identity.slice(0, 512);
    if (state === '' || name === '') return;
    if (!this.states.has(name)) {
      if ((state === ABSENT && !changed) || this.states.size >= MOST_PACKAGES) return;
    }
    this.states.set(detach(name), detach(state.slice(0, 64)));
    this.stamp = detach(stamp);
    this.line = line;
  }
}
