import type { LinkEntry } from '#attempt-store/attempt-store.js';
import { canonicalDevices } from '#domain/links.js';
import type { DeviceAlias } from '#domain/links.js';
import type { AliasKind } from '#domain/words.js';

/** An alias that more devices than this carry is a clone and links nothing (contract of identities). */
export const CARRIERS_MAX = 3;

const NOTHING: ReadonlySet<string> = new Set();

/** What the links of one bank say: which keys are one device, which KB an unnamed update is. A pure sum: order-free, repeatable. */
export class BankLinks {
  private readonly carriersOfAlias = new Map<string, Set<string>>();
  private readonly aliasesOfDevice = new Map<string, Set<string>>();
  private readonly kbsOfUpdate = new Map<string, Set<string>>();
  private readonly unnamedUpdates = new Set<string>();
  private readonly toldUnderOfDevice = new Map<string, Set<string>>();
  /** Only devices that are not alone. */
  private readonly canonical = new Map<string, string>();
  private readonly members = new Map<string, readonly string[]>();

  /** Aliases and KBs of updates known; grows with every one, so a row told with more of them wins. */
  count = 0;

  /** Takes entries in. What they join or part is known when it returns. */
  add(entries: readonly LinkEntry[]): void {
    const changed = new Set<string>();
    for (const { kind, subject, object } of entries) {
      if (kind === 'unnamed') this.unnamedUpdates.add(subject);
      else if (kind === 'joined') addTo(this.toldUnderOfDevice, subject, object);
      else if (kind === 'kb') this.count += addTo(this.kbsOfUpdate, subject, object) ? 1 : 0;
      else if (addTo(this.aliasesOfDevice, subject, object)) {
        addTo(this.carriersOfAlias, object, subject);
        this.count += 1;
        changed.add(subject);
      }
    }
    this.rejoin(changed);
  }

  holds({ kind, subject, object }: LinkEntry): boolean {
    if (kind === 'unnamed') return this.unnamedUpdates.has(subject);
    const sets = { alias: this.aliasesOfDevice, kb: this.kbsOfUpdate, joined: this.toldUnderOfDevice }[kind];
    return sets.get(subject)?.has(object) ?? false;
  }

  /** The smallest key of all that are the same device. */
  canonicalOf(deviceKey: string): string {
    return this.canonical.get(deviceKey) ?? deviceKey;
  }

  /** Every key of the device behind a canonical key; none for a key that is not canonical. */
  membersOf(canonicalKey: string): readonly string[] {
    if (this.canonicalOf(canonicalKey) !== canonicalKey) return [];
    return this.members.get(canonicalKey) ?? [canonicalKey];
  }

  /** Every key that is the same device as this one, itself included. */
  sameDevice(deviceKey: string): readonly string[] {
    return this.membersOf(this.canonicalOf(deviceKey));
  }

  /** Other keys under which reports of this device were ever told. */
  toldUnder(deviceKey: string): ReadonlySet<string> {
    return this.toldUnderOfDevice.get(deviceKey) ?? NOTHING;
  }

  carriersOf(alias: string): ReadonlySet<string> {
    return this.carriersOfAlias.get(alias) ?? NOTHING;
  }

  aliasesOf(deviceKey: string): ReadonlySet<string> {
    return this.aliasesOfDevice.get(deviceKey) ?? NOTHING;
  }

  /** The KB a kbKey stands for: the smallest that any report gives; itself when none does. */
  resolvedKb(kbKey: string): string {
    let smallest = kbKey;
    for (const kb of this.kbsOf(kbKey)) if (smallest === kbKey || kb < smallest) smallest = kb;
    return smallest;
  }

  /** Every KB that some report gives for an update. */
  kbsOf(updateKey: string): ReadonlySet<string> {
    return this.kbsOfUpdate.get(updateKey) ?? NOTHING;
  }

  isUnnamed(updateKey: string): boolean {
    return this.unnamedUpdates.has(updateKey);
  }

  /** Every kbKey whose reports belong to a resolved KB. */
  kbKeysOf(kb: string): string[] {
    return [kb, ...[...this.unnamedUpdates].filter((key) => key !== kb && this.resolvedKb(key) === kb)];
  }

  /**
   * Components anew around devices with new aliases. Enough to look at: those that carry one of their aliases, and the
   * components these stood in. An alias of another device cannot have begun or ceased to link.
   */
  private rejoin(changed: ReadonlySet<string>): void {
    const around = new Set<string>();
    const aliases = new Set([...changed].flatMap((device) => [...this.aliasesOf(device)]));
    for (const alias of aliases) {
      const carriers = this.carriersOf(alias);
      if (carriers.size < 2) continue;
      // A clone of long standing parted its carriers when it became one.
      const wasClone = carriers.size > CARRIERS_MAX + changed.size;
      for (const carrier of wasClone ? changed : carriers) {
        for (const member of this.sameDevice(carrier)) around.add(member);
      }
    }
    if (around.size === 0) return;
    const canonical = canonicalDevices(this.linksAround(around));
    for (const device of around) {
      this.members.delete(this.canonicalOf(device));
    }
    const members = new Map<string, string[]>();
    for (const device of around) {
      const key = canonical.get(device) ?? device;
      const group = members.get(key);
      if (group) group.push(device);
      else members.set(key, [device]);
    }
    for (const [key, group] of members) {
      if (group.length > 1) this.members.set(key, group);
      for (const device of group) {
        if (group.length > 1) this.canonical.set(device, key);
        else this.canonical.delete(device);
      }
    }
  }

  /** All that decides how these devices are linked: their aliases with every carrier, and these carriers' smbios aliases. */
  private linksAround(devices: ReadonlySet<string>): DeviceAlias[] {
    const links = new Map<string, DeviceAlias>();
    const add = (deviceKey: string, alias: string) => {
      const slash = alias.indexOf('/');
      links.set(`${deviceKey}/${alias}`, {
        deviceKey,
        aliasKind: alias.slice(0, slash) as AliasKind,
        aliasKey: alias.slice(slash + 1),
      });
    };
    const addSmbiosOf = (device: string) => {
      for (const own of this.aliasesOf(device)) {
        if (!own.startsWith('smbios/')) continue;
        add(device, own);
        // Enough of its carriers to be seen as the clone it is.
        const carriers = this.carriersOf(own);
        if (carriers.size > CARRIERS_MAX)
          for (const carrier of [...carriers].slice(0, CARRIERS_MAX + 1)) add(carrier, own);
      }
    };
    for (const device of devices) {
      addSmbiosOf(device);
      for (const alias of this.aliasesOf(device)) {
        const carriers = this.carriersOf(alias);
        if (carriers.size > CARRIERS_MAX) continue;
        for (const carrier of carriers) {
          add(carrier, alias);
          addSmbiosOf(carrier);
        }
      }
    }
    return [...links.values()];
  }
}

/** @returns whether it was not there before */
function addTo(sets: Map<string, Set<string>>, key: string, value: string): boolean {
  const set = sets.get(key) ?? new Set<string>();
  if (set.has(value)) return false;
  sets.set(key, set.add(value));
  return true;
}
