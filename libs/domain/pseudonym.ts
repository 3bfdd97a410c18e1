import { createHmac } from 'node:crypto';
import { base32 } from './base32.js';
import { ALIAS_KINDS } from './words.js';
import type { AliasKind } from './words.js';

export interface DeviceAlias {
  readonly kind: AliasKind;
  readonly value: string;
}

/** An alias as it may stand in the log: a keyed hash, the value itself is gone. */
export interface HashedAlias {
  readonly kind: AliasKind;
  readonly key: string;
}

/** Turns what names a device into what stands for it. Everything stays the same as long as the bank's key does. */
export interface Pseudonyms {
  /** `d-` + 20 base32 characters. */
  deviceKey(deviceName: string): string;
  /** 26 base32 characters. */
  aliasKey(alias: DeviceAlias): string;
}

const DEVICE_KEY_LENGTH = 20;
const ALIAS_KEY_LENGTH = 26;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
/** What firmware carries when nobody wrote a number into it (contract §1). */
const PLACEHOLDER = /^(0+|f+)$|^0300020004000500/;

/**
 * The name that is hashed: first DNS label (the whole name with `fqdn`), NFC, lower case, no outer white space.
 * An IPv4 address is taken whole: its first number would make one device of a network. '' = no usable name.
 */
export function canonicalDeviceName(deviceName: string, fqdn: boolean): string {
  const name = deviceName.trim().normalize('NFC').toLowerCase();
  if (fqdn || IPV4.test(name)) return name;
  const dot = name.indexOf('.');
  return dot < 0 ? name : name.slice(0, dot);
}

/** True for a value that many machines share because nobody set it: it says nothing about the device. */
export const isPlaceholderAlias = (value: string): boolean => {
  const plain = value.toLowerCase().replace(/[{}\s-]/g, '');
  return plain === '' || PLACEHOLDER.test(plain);
};

/** Pseudonyms under a bank's key (`fqdn`: the bank's setting, fixed when it is added). */
export function createPseudonyms(bankKey: Uint8Array, fqdn: boolean): Pseudonyms {
  const hash = (text: string, length: number) =>
    base32(createHmac('sha256', bankKey).update(text, 'utf8').digest(), length);
  return {
    deviceKey: (deviceName) => `d-${hash(canonicalDeviceName(deviceName, fqdn), DEVICE_KEY_LENGTH)}`,
    aliasKey: ({ kind, value }) => hash(`${kind}:${value.toLowerCase()}`, ALIAS_KEY_LENGTH),
  };
}

/** The same, remembering up to `capacity` devices: a fleet reports under the same names every day. */
export function rememberPseudonyms(pseudonyms: Pseudonyms, capacity: number): Pseudonyms {
  const deviceKeys = new Map<string, string>();
  return {
    deviceKey: (deviceName) => {
      const known = deviceKeys.get(deviceName);
      if (known !== undefined) return known;
      if (deviceKeys.size >= capacity) deviceKeys.clear();
      const deviceKey = pseudonyms.deviceKey(deviceName);
      deviceKeys.set(deviceName, deviceKey);
      return deviceKey;
    },
    aliasKey: (alias) => pseudonyms.aliasKey(alias),
  };
}

/** Hashed aliases in order of kind, then key; placeholders are dropped, equal ones kept once. */
export function hashAliases(aliases: readonly DeviceAlias[], pseudonyms: Pseudonyms): readonly HashedAlias[] {
  const keys = new Map<string, HashedAlias>();
  for (const alias of aliases) {
    if (isPlaceholderAlias(alias.value)) continue;
    const key = pseudonyms.aliasKey(alias);
    keys.set(`${alias.kind}:${key}`, { kind: alias.kind, key });
  }
  return [...keys.values()].sort(
    (a, b) => ALIAS_KINDS.indexOf(a.kind) - ALIAS_KINDS.indexOf(b.kind) || (a.key < b.key ? -1 : 1),
  );
}

export interface DeviceIdentity {
  readonly deviceKey?: string | undefined;
  readonly deviceName?: string | undefined;
  readonly deviceAliases?: readonly DeviceAlias[] | undefined;
}

/** Asked twice for each report, so a name that begins with an ordinary letter or digit is not taken apart for it. */
const isUsableName = (deviceName: string): boolean =>
  /^[a-z0-9]/i.test(deviceName) || canonicalDeviceName(deviceName, false) !== '';

/** True when `resolveDevice` will find a device. */
export const namesDevice = (sent: DeviceIdentity): boolean =>
  sent.deviceKey !== undefined ||
  (sent.deviceName !== undefined && isUsableName(sent.deviceName)) ||
  (sent.deviceAliases?.some((alias) => !isPlaceholderAlias(alias.value)) ?? false);

export interface ResolvedDevice {
  readonly deviceKey: string;
  readonly deviceAliases: readonly HashedAlias[];
}

/**
 * Which device a report is about: its `deviceKey`; else the pseudonym of its name; else the key of its first alias in
 * the order of kinds, which is a valid deviceKey as it stands and stays an alias, so that the two meet later.
 * @throws RangeError when nothing names a device (`namesDevice` tells before)
 */
export function resolveDevice(sent: DeviceIdentity, pseudonyms: Pseudonyms): ResolvedDevice {
  const deviceAliases = sent.deviceAliases ? hashAliases(sent.deviceAliases, pseudonyms) : [];
  if (sent.deviceKey !== undefined) return { deviceKey: sent.deviceKey, deviceAliases };
  if (sent.deviceName !== undefined && isUsableName(sent.deviceName)) {
    return { deviceKey: pseudonyms.deviceKey(sent.deviceName), deviceAliases };
  }
  const first = deviceAliases[0];
  if (!first) throw new RangeError('nothing in the report names a device');
  return { deviceKey: first.key, deviceAliases };
}
