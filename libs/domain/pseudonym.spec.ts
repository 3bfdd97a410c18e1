import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { deviceKeySchema } from './attempt-event.js';
import { base32 } from './base32.js';
import {
  canonicalDeviceName,
  createPseudonyms,
  hashAliases,
  isPlaceholderAlias,
  namesDevice,
  rememberPseudonyms,
  resolveDevice,
} from './pseudonym.js';

const key = Buffer.alloc(32, 7);
const pseudonyms = createPseudonyms(key, false);
const hmac = (text: string) => createHmac('sha256', key).update(text).digest();

describe('device names', () => {
  it('hashes the first label, NFC, lower case', () => {
    expect(pseudonyms.deviceKey('PC-0042.branch.example')).toBe(`d-${base32(hmac('pc-0042'), 20)}`);
    expect(pseudonyms.deviceKey('pc-0042')).toBe(pseudonyms.deviceKey(' PC-0042.other.example '));
    expect(pseudonyms.deviceKey('cafe\u0301')).toBe(pseudonyms.deviceKey('CAF\u00c9'));
    expect(pseudonyms.deviceKey('pc-0042')).toMatch(/^d-[a-z2-7]{20}$/);
  });

  it('hashes the whole name for a bank with fqdn', () => {
    const whole = createPseudonyms(key, true);
    expect(whole.deviceKey('PC-0042.Branch.Example')).toBe(`d-${base32(hmac('pc-0042.branch.example'), 20)}`);
  });

  it('does not make one device of a network', () => {
    expect(canonicalDeviceName('10.1.2.3', false)).toBe('10.1.2.3');
  });

  it('gives other banks other pseudonyms', () => {
    expect(createPseudonyms(Buffer.alloc(32, 8), false).deviceKey('pc')).not.toBe(pseudonyms.deviceKey('pc'));
  });

  it('remembers without changing anything, also when its memory is full', () => {
    const remembered = rememberPseudonyms(pseudonyms, 2);
    for (const name of ['a', 'b', 'c', 'a', 'B', 'b.x']) {
      expect(remembered.deviceKey(name)).toBe(pseudonyms.deviceKey(name));
    }
  });
});

describe('aliases', () => {
  const guid = '4C4C4544-0042-3510-8052-B4C04F4D3732';

  it('hashes kind and lower-case value', () => {
    expect(pseudonyms.aliasKey({ kind: 'smbios', value: guid })).toBe(
      base32(hmac(`smbios:${guid.toLowerCase()}`), 26),
    );
  });

  it.each([
    '00000000-0000-0000-0000-000000000000',
    'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
    '{03000200-0400-0500-0006-000700080009}',
    '0',
    ' ',
  ])('drops the placeholder %j', (value) => {
    expect(isPlaceholderAlias(value)).toBe(true);
    expect(hashAliases([{ kind: 'smbios', value }], pseudonyms)).toEqual([]);
  });

  it('orders by kind and keeps equal ones once', () => {
    const hashed = hashAliases(
      [
        { kind: 'machine_guid', value: guid },
        { kind: 'smbios', value: guid },
        { kind: 'smbios', value: guid.toLowerCase() },
      ],
      pseudonyms,
    );
    expect(hashed.map(({ kind }) => kind)).toEqual(['smbios', 'machine_guid']);
  });

  it('takes the first alias in the order of kinds as device when nothing else names one, and keeps it', () => {
    const device = resolveDevice(
      {
        deviceAliases: [
          { kind: 'machine_guid', value: guid },
          { kind: 'directory', value: guid },
          { kind: 'smbios', value: '00000000-0000-0000-0000-000000000000' },
        ],
      },
      pseudonyms,
    );
    expect(device.deviceKey).toBe(pseudonyms.aliasKey({ kind: 'directory', value: guid }));
    expect(deviceKeySchema.safeParse(device.deviceKey).success).toBe(true);
    expect(device.deviceAliases[0]).toEqual({ kind: 'directory', key: device.deviceKey });
  });
});

describe('namesDevice', () => {
  it.each([
    [{}, false],
    [{ deviceName: ' ' }, false],
    [{ deviceName: '.example' }, false],
    [{ deviceAliases: [{ kind: 'smbios', value: '0000' }] }, false],
    [{ deviceKey: 'd-1' }, true],
    [{ deviceName: 'pc' }, true],
    [{ deviceAliases: [{ kind: 'smbios', value: '42' }] }, true],
  ] as const)('%j → %s', (sent, expected) => {
    expect(namesDevice(sent)).toBe(expected);
    if (expected) expect(resolveDevice(sent, pseudonyms).deviceKey).toBeTruthy();
    else expect(() => resolveDevice(sent, pseudonyms)).toThrow(RangeError);
  });
});
