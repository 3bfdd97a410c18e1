import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalDevices, findClones } from './links.js';
import type { DeviceAlias } from './links.js';
import { ALIAS_KINDS } from './words.js';

const link = (deviceKey: string, aliasKind: DeviceAlias['aliasKind'], aliasKey: string): DeviceAlias => ({
  deviceKey,
  aliasKind,
  aliasKey,
});
const canonical = (links: readonly DeviceAlias[]): Record<string, string> =>
  Object.fromEntries(canonicalDevices(links));

describe('canonicalDevices', () => {
  it('is the smallest key of all that share aliases, also through others', () => {
    const links = [
      link('d-c', 'smbios', 'x'),
      link('d-b', 'smbios', 'x'),
      link('d-b', 'directory', 'y'),
      link('d-a', 'directory', 'y'),
      link('d-z', 'directory', 'z'),
    ];
    expect(canonical(links)).toEqual({ 'd-a': 'd-a', 'd-b': 'd-a', 'd-c': 'd-a', 'd-z': 'd-z' });
  });

  it('does not mix kinds of aliases', () => {
    expect(canonical([link('d-a', 'smbios', 'x'), link('d-b', 'directory', 'x')])).toEqual({
      'd-a': 'd-a',
      'd-b': 'd-b',
    });
  });

  it('links nothing through an alias of more than three devices', () => {
    const three = ['d-a', 'd-b', 'd-c'].map((key) => link(key, 'machine_guid', 'x'));
    expect(new Set(canonicalDevices(three).values())).toEqual(new Set(['d-a']));
    const four = [...three, link('d-d', 'machine_guid', 'x')];
    expect(canonicalDevices(four).get('d-d')).toBe('d-d');
    expect([...findClones(four)]).toEqual(['machine_guid:x']);
  });

  it('links nothing through an alias of two devices whose smbios aliases differ', () => {
    const cloned = [
      link('d-a', 'smbios', 'one'),
      link('d-b', 'smbios', 'two'),
      link('d-a', 'machine_guid', 'x'),
      link('d-b', 'machine_guid', 'x'),
    ];
    expect(canonical(cloned)).toEqual({ 'd-a': 'd-a', 'd-b': 'd-b' });
    expect([...findClones(cloned)]).toEqual(['machine_guid:x']);
    expect(canonical(cloned.slice(1))).toEqual({ 'd-a': 'd-a', 'd-b': 'd-a' });
  });

  it('is the same for any order and repetition, and the smallest key of its component', () => {
    const anyLink = fc.record({
      deviceKey: fc.constantFrom('d-1', 'd-2', 'd-3', 'd-4', 'd-5', 'd-6'),
      aliasKind: fc.constantFrom(...ALIAS_KINDS),
      aliasKey: fc.constantFrom('x', 'y', 'z'),
    });
    const links = fc.array(anyLink, { maxLength: 12 });
    const shuffled = links.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
    );
    const property = fc.property(shuffled, ([all, turned]) => {
      const devices = canonicalDevices(all);
      expect(new Map([...canonicalDevices(turned)].sort())).toEqual(new Map([...devices].sort()));
      for (const [device, key] of devices) {
        expect(key <= device).toBe(true);
        expect(devices.get(key)).toBe(key);
      }
      const clones = findClones(all);
      for (const one of all) {
        for (const other of all) {
          const shared = one.aliasKind === other.aliasKind && one.aliasKey === other.aliasKey;
          if (!shared || clones.has(`${one.aliasKind}:${one.aliasKey}`)) continue;
          expect(devices.get(one.deviceKey)).toBe(devices.get(other.deviceKey));
        }
      }
    });
    fc.assert(property);
  });
});
