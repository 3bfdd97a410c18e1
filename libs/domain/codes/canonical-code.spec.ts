import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOfSymbol, symbolOf } from './code-symbols.js';
import { canonicalCode, hresultOf, unwrapCode } from './canonical-code.js';
import { CODE_KINDS } from '../words.js';

describe('canonicalCode', () => {
  it.each([
    ['800f0821', '0x800f0821', 'hresult'],
    ['0X800F0821', '0x800f0821', 'hresult'],
    [' [0x800F0821] ', '0x800f0821', 'hresult'],
    ['-2146498527', '0x800f0821', 'hresult'],
    ['2388526074', '0x8e5e03fa', 'hresult'],
    ['80070002', '0x80070002', 'hresult'],
    ['0x0', '0x00000000', 'hresult'],
    ['0X1', '0x00000001', 'hresult'],
    ['0xC1900101', '0xc1900101', 'hresult'],
    ['0x800f0922 - CBS_E_INSTALLERS_FAILED', '0x800f0922', 'hresult'],
    ['0x8024402c - Unknown Error', '0x8024402c', 'hresult'],
    ['HRESULT_FROM_WIN32(1753)', '0x800706d9', 'hresult'],
    ['HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND)', '0x80070002', 'hresult'],
    ['hresult_from_win32( 14098 )', '0x80073712', 'hresult'],
    ['NTSTATUS_FROM_WIN32(ERROR_INVALID_DATA)', '0xc007000d', 'ntstatus'],
    ['0xd0000102', '0xc0000102', 'ntstatus'],
    ['0xffffffff', '0xffffffff', 'hresult'],
    ['0xc0000102', '0xc0000102', 'ntstatus'],
    ['STATUS_FILE_CORRUPT_ERROR', '0xc0000102', 'ntstatus'],
    ['ERROR_SERVICE_DISABLED', '0x00000422', 'win32'],
    ['CBS_E_ABORT', '0x800f0821', 'hresult'],
  ])('reads %s', (spelling, code, kind) => {
    expect(canonicalCode(spelling)).toMatchObject({ code, kind });
  });

  it('says when it took an NTSTATUS out of an HRESULT', () => {
    expect(canonicalCode('0xd0000102')?.unwrapped).toBe(true);
    expect(canonicalCode('0xc0000102')?.unwrapped).toBe(false);
  });

  it('reads a short number only when told what it is', () => {
    expect(canonicalCode('1058')).toBeNull();
    expect(canonicalCode('1058', 'win32')).toMatchObject({ code: '0x00000422', kind: 'win32' });
    expect(canonicalCode('240006', 'hresult')).toMatchObject({ code: '0x00240006', kind: 'hresult' });
    expect(canonicalCode('FFFE', 'hresult')).toMatchObject({ code: '0x0000fffe' });
    expect(canonicalCode('-2147023143', 'win32')).toMatchObject({ code: '0x800706d9', kind: 'hresult' });
    expect(canonicalCode(13, 'win32')).toMatchObject({ code: '0x0000000d', kind: 'win32' });
  });

  it.each([
    '',
    'x',
    'S_',
    '0x',
    '0x123456789',
    '99999999999',
    'HRESULT_FROM_WIN32()',
    'NOT_A_KNOWN_NAME',
    '1e5',
    '-',
  ])('refuses %j', (text) => {
    expect(canonicalCode(text)).toBeNull();
  });

  it('is total, and reads its own output as the same code', () => {
    const kinds = fc.constantFrom(undefined, 'hresult', 'win32', 'ntstatus');
    const property = fc.property(fc.oneof(fc.string(), fc.integer().map(String)), kinds, (text, bare) => {
      const once = canonicalCode(text, bare);
      if (!once) return;
      expect(once.code).toMatch(/^0x[0-9a-f]{8}$/);
      expect(canonicalCode(once.code, once.kind)).toMatchObject({ code: once.code, kind: once.kind });
    });
    fc.assert(property);
  });

  it('reads every HRESULT alike in hex, bare, signed and unsigned', () => {
    const property = fc.property(fc.integer({ min: 0x80000000, max: 0xffffffff }), (value) => {
      const hex = value.toString(16);
      const readings = [
        hex,
        `0x${hex.toUpperCase()}`,
        String(value),
        String(value - 2 ** 32),
        value - 2 ** 32,
      ];
      expect(new Set(readings.map((text) => JSON.stringify(canonicalCode(text)))).size).toBe(1);
      expect(canonicalCode(hex)).not.toBeNull();
    });
    fc.assert(property);
  });
});

describe('unwrapCode and hresultOf', () => {
  it('reduce the same error to one, however it was wrapped', () => {
    for (const [code, kind] of [
      ['0x80070422', 'hresult'],
      ['0x00000422', 'win32'],
      ['0x80070422', 'win32'],
      ['0xc0070422', 'ntstatus'],
      ['0x00000422', 'unknown'],
    ] as const) {
      expect(unwrapCode(code, kind)).toEqual({ code: '0x00000422', kind: 'win32' });
    }
    expect(unwrapCode('0xd015001a', 'hresult')).toEqual({ code: '0xc015001a', kind: 'ntstatus' });
    expect(unwrapCode('unknown', 'hresult')).toEqual({ code: 'unknown', kind: 'hresult' });
    expect(hresultOf({ code: '0x00000422', kind: 'win32' })).toBe('0x80070422');
    expect(hresultOf({ code: '0xc0000102', kind: 'ntstatus' })).toBe('0xd0000102');
  });

  it('are idempotent together', () => {
    const property = fc.property(fc.nat(0xffffffff), fc.constantFrom(...CODE_KINDS), (value, kind) => {
      const once = unwrapCode(`0x${value.toString(16).padStart(8, '0')}`, kind);
      expect(unwrapCode(once.code, once.kind)).toEqual(once);
      expect(hresultOf(once)).toMatch(/^0x[0-9a-f]{8}$/);
    });
    fc.assert(property);
  });
});

describe('symbols', () => {
  it('name codes of every kind', () => {
    expect(symbolOf('0x800f0821')).toBe('CBS_E_ABORT');
    expect(symbolOf('0x8024001e')).toBe('WU_E_SERVICE_STOP');
    expect(symbolOf('0x80071ab1')).toBe('ERROR_LOG_GROWTH_FAILED');
    expect(symbolOf('0x00000422', 'win32')).toBe('ERROR_SERVICE_DISABLED');
    expect(symbolOf('0xc0000102', 'ntstatus')).toBe('STATUS_FILE_CORRUPT_ERROR');
    expect(symbolOf('0x8e5e03fa')).toBeNull();
    expect(symbolOf('unknown')).toBeNull();
    expect(codeOfSymbol('ERROR_INVALID_DATA')).toEqual({ value: 13, kind: 'win32' });
  });

  const catalogue = new URL('../../../../shared/corpus/catalog/error-codes.json', import.meta.url);
  if (existsSync(catalogue)) {
    it('agree with the catalogue of codes', () => {
      const rows = (
        JSON.parse(readFileSync(catalogue, 'utf8')) as { codes: { code: string; name: string }[] }
      ).codes;
      const wrong = rows.filter(
        ({ code, name }) => name !== 'ERROR_SUCCESS' && symbolOf(code.toLowerCase()) !== name,
      );
      expect(rows.length).toBe(7_465);
      expect(wrong).toEqual([]);
    });
  } else {
    it('agree with the catalogue of codes', () => {
      console.warn('corpus not present: not checked');
    });
  }
});
