import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readingsOf } from './read-code.js';

const spelled = (text: string, context?: 'hresult' | 'win32' | 'ntstatus') =>
  readingsOf(text, context).map(({ code, kind }) => `${code} ${kind}`);

describe('readingsOf', () => {
  it.each([
    ['0x80070422', '0x80070422 hresult'],
    ['800f0821', '0x800f0821 hresult'],
    ['0X800F0821', '0x800f0821 hresult'],
    ['-2146498527', '0x800f0821 hresult'],
    ['2148468769', '0x800f0821 hresult'],
    ['2388526074', '0x8e5e03fa hresult'],
    ['0xd0000102', '0xc0000102 ntstatus'],
    ['HRESULT_FROM_WIN32(1753)', '0x800706d9 hresult'],
    ['NTSTATUS_FROM_WIN32(ERROR_INVALID_DATA)', '0xc007000d ntstatus'],
    ['NTSTATUS_FROM_WIN32(13)', '0xc007000d ntstatus'],
    ['WU_E_SERVICE_STOP', '0x8024001e hresult'],
    ['ERROR_WINHTTP_TIMEOUT', '0x00002ee2 win32'],
    ['E_FAIL', '0x80004005 hresult'],
    ['E_ACCESSDENIED', '0x80070005 hresult'],
    ['0', '0x00000000 hresult'],
    ['０ｘ８００７０５７０', '0x80070570 hresult'],
    ['“0x80070570”。', '0x80070570 hresult'],
    ['（0x80070570）', '0x80070570 hresult'],
    ['0xffffffff', '0xffffffff hresult'],
  ])('%s is clear', (text, reading) => {
    expect(spelled(text)).toEqual([reading]);
  });

  it.each([
    ['1058', ['0x00000422 win32', '0x00001058 win32']],
    ['13', ['0x0000000d win32', '0x00000013 win32']],
    ['240006', ['0x00240006 hresult', '0x0003a986 hresult']],
    ['0x1', ['0x00000001 win32', '0x00000001 hresult']],
    ['570', ['0x0000023a win32', '0x00000570 win32']],
  ])('%s has several readings, those with a name first', (text, readings) => {
    expect(spelled(text)).toEqual(readings);
  });

  it('takes what the place prints as the only reading', () => {
    expect(spelled('1058', 'win32')).toEqual(['0x00000422 win32']);
    expect(spelled('240006', 'hresult')).toEqual(['0x00240006 hresult']);
    expect(spelled('0xc0000102', 'ntstatus')).toEqual(['0xc0000102 ntstatus']);
  });

  it.each(['', ' ', 'hello', 'KB5041578', 'CBS_E_NO_SUCH_NAME', '99999999999', '0x', '()', '1058 1059'])(
    '%j is no code',
    (text) => {
      expect(readingsOf(text)).toEqual([]);
    },
  );

  const kinds = fc.constantFrom(undefined, 'hresult', 'win32', 'ntstatus');
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer().map(String),
    fc.nat(0xffffffff).map((value) => value.toString(16)),
    fc
      .tuple(fc.constantFrom('HRESULT_FROM_WIN32(', 'NTSTATUS_FROM_WIN32(', '0x', '('), fc.string())
      .map((parts) => parts.join('')),
  );

  it('answers any text, and reads each of its answers as that same answer', () => {
    const property = fc.property(anything, kinds, (text, context) => {
      for (const { code, kind } of readingsOf(text, context)) {
        expect(code).toMatch(/^0x[0-9a-f]{8}$/);
        expect(spelled(code, kind)).toEqual([`${code} ${kind}`]);
        // An NTSTATUS warning (0x8…) looks like an HRESULT once it is bare.
        const tellsItsKind = kind !== 'ntstatus' || Number(code) >= 0xc0000000;
        if (context === undefined && tellsItsKind) expect(spelled(code)).toContain(`${code} ${kind}`);
      }
    });
    fc.assert(property, { numRuns: 2_000 });
  });
});
