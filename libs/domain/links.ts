import type { AliasKind } from './words.js';

/** A device (as sent) carried an alias (a keyed hash), within one bank. */
export interface DeviceAlias {
  readonly deviceKey: string;
  readonly aliasKind: AliasKind;
  readonly aliasKey: string;
}

/** More devices than this cannot be one: the value was cloned or never set. */
const MOST_KEYS_OF_ONE_DEVICE = 3;

/**
 * Canonical key of every device in the links of one bank: the smallest key of its connected component over shared
 * aliases (contract.md §1). Clones link nothing. Order-free: computed over the whole set.
 */
export function canonicalDevices(links: readonly DeviceAlias[]): ReadonlyMap<string, string> {
  const clones = findClones(links);
  const parents = new Map<string, string>();
  const root = (deviceKey: string): string => {
    let key = deviceKey;
    for (let parent = parents.get(key) ?? key; parent !== key; parent = parents.get(key) ?? key) key = parent;
    return key;
  };
  for (const { deviceKey } of links) parents.set(deviceKey, deviceKey);
  for (const [alias, deviceKeys] of carriersByAlias(links)) {
    if (clones.has(alias)) continue;
    const [first, ...others] = [...deviceKeys].map(root).sort();
    for (const other of others) if (first !== undefined) join(parents, root(first), root(other));
  }
  return new Map([...parents.keys()].map((deviceKey) => [deviceKey, root(deviceKey)]));
}

/**
 * Aliases (`kind:key`) that say nothing about identity: carried by more than 3 devices, or by two devices whose
 * smbios aliases differ. The caller warns about them.
 */
export function findClones(links: readonly DeviceAlias[]): ReadonlySet<string> {
  const smbiosOfDevice = new Map<string, Set<string>>();
  for (const { deviceKey, aliasKind, aliasKey } of links) {
    if (aliasKind === 'smbios') addTo(smbiosOfDevice, deviceKey, aliasKey);
  }
  const clones = new Set<string>();
  for (const [alias, deviceKeys] of carriersByAlias(links)) {
    if (deviceKeys.size > MOST_KEYS_OF_ONE_DEVICE || haveDifferentSmbios(deviceKeys, smbiosOfDevice))
      clones.add(alias);
  }
  return clones;
}

function haveDifferentSmbios(
  deviceKeys: ReadonlySet<string>,
  smbiosOfDevice: ReadonlyMap<string, ReadonlySet<string>>,
): boolean {
  const known = [...deviceKeys]
    .map((deviceKey) => smbiosOfDevice.get(deviceKey))
    .filter((own) => own !== undefined);
  return known.some((own, index) =>
    known.slice(index + 1).some((other) => ![...own].some((key) => other.has(key))),
  );
}

function carriersByAlias(links: readonly DeviceAlias[]): ReadonlyMap<string, ReadonlySet<string>> {
  const carriers = new Map<string, Set<string>>();
  for (const { deviceKey, aliasKind, aliasKey } of links)
    addTo(carriers, `${aliasKind}:${aliasKey}`, deviceKey);
  return carriers;
}

/** The smaller root stays on top, so the root of a component is its smallest key. */
function join(parents: Map<string, string>, left: string, right: string): void {
  if (left < right) parents.set(right, left);
  else if (right < left) parents.set(left, right);
}

function addTo(groups: Map<string, Set<string>>, key: string, member: string): void {
  const group = groups.get(key);
  if (group) group.add(member);
  else groups.set(key, new Set([member]));
}
