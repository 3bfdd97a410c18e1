import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CodeAnswer } from './explain-code.js';
import { explainSpelling } from './explain-code.js';

function clear(spelling: string, context?: 'hresult' | 'win32' | 'ntstatus') {
  const answer: CodeAnswer | null = explainSpelling(spelling, context);
  if (answer === null || answer.ambiguous) throw new Error(`${spelling} is not clear`);
  return answer;
}

describe('explainSpelling', () => {
  it('does not call a shutdown a read failure', () => {
    const entry = clear('0x8024001E');
    expect(entry).toMatchObject({
      symbol: 'WU_E_SERVICE_STOP',
      facility: { number: 36 },
      status: 'explained',
    });
    expect(entry.meaning?.en).toMatch(/shut down/);
    expect(entry.meaning?.zh).toMatch(/关闭/);
  });

  it('does not call a servicing time-out a corruption', () => {
    const entry = clear('800f0821');
    expect(entry.symbol).toBe('CBS_E_ABORT');
    expect(entry.meaning?.en).toMatch(/longer than its watchdog allows.*no sign of a damaged file/);
    expect(entry.meaning?.zh).toMatch(/看门狗.*并不表示文件损坏/);
  });

  it('says what an HRESULT carries, and explains it by that', () => {
    expect(clear('0x80071ab1')).toMatchObject({
      symbol: 'ERROR_LOG_GROWTH_FAILED',
      severity: 'error',
      facility: { number: 7, name: 'FACILITY_WIN32' },
      carries: { code: '0x00001ab1', kind: 'win32', symbol: 'ERROR_LOG_GROWTH_FAILED' },
    });
    const service = clear('0x80070422');
    expect(service.carries).toEqual({ code: '0x00000422', kind: 'win32', symbol: 'ERROR_SERVICE_DISABLED' });
    expect(service.meaning).toEqual(clear('1058', 'win32').meaning);
    expect(clear('NTSTATUS_FROM_WIN32(ERROR_INVALID_DATA)').carries?.symbol).toBe('ERROR_INVALID_DATA');
  });

  it('says that an NTSTATUS was taken out of an HRESULT', () => {
    expect(clear('0xd0000102')).toMatchObject({
      code: '0xc0000102',
      kind: 'ntstatus',
      symbol: 'STATUS_FILE_CORRUPT_ERROR',
      unwrappedFrom: '0xd0000102',
    });
    expect(clear('0xc0000102').unwrappedFrom).toBeNull();
  });

  it('says where a sentence rests on the name alone', () => {
    expect(clear('0x800f082c').basis).toBe('symbol_name');
    expect(clear('0x800f0821').basis).toBe('documented');
  });

  it('names what has no sentence, and says what the facility tells of the rest', () => {
    expect(clear('0x80290200')).toMatchObject({ status: 'named', meaning: null, likelyOwner: 'unknown' });
    expect(clear('0x800106d9')).toMatchObject({
      status: 'unknown',
      symbol: 'unknown',
      carries: null,
      facility: { number: 1, name: 'FACILITY_RPC' },
    });
    expect(clear('0x8e5e03fa')).toMatchObject({
      status: 'unknown',
      facility: { number: 0x65e, name: 'unknown' },
    });
  });

  it.each([
    ['0x00240006', 'hresult', 'success', 'FACILITY_WINDOWSUPDATE'],
    ['0x80240017', 'hresult', 'error', 'FACILITY_WINDOWSUPDATE'],
    ['0x80d02002', 'hresult', 'error', 'FACILITY_DELIVERY_OPTIMIZATION'],
    ['0x80190193', 'hresult', 'error', 'FACILITY_HTTP'],
    ['0xc1900101', 'hresult', 'error', 'MOSETUP'],
    ['0x80000005', 'ntstatus', 'warning', 'FACILITY_NULL'],
    ['0x40000000', 'ntstatus', 'informational', 'FACILITY_NULL'],
    ['0xc015001a', 'ntstatus', 'error', 'FACILITY_SXS_ERROR_CODE'],
    ['0xc0190003', 'ntstatus', 'error', 'FACILITY_TRANSACTION'],
    ['0', 'win32', 'success', 'FACILITY_WIN32'],
  ] as const)('reads severity and facility of %s as %s', (code, kind, severity, name) => {
    expect(clear(code, kind)).toMatchObject({ kind, severity, facility: { name } });
  });

  it('lists the readings of a short number', () => {
    const answer = explainSpelling('1058');
    expect(answer).toMatchObject({
      ambiguous: true,
      readings: [{ symbol: 'ERROR_SERVICE_DISABLED' }, { code: '0x00001058' }],
    });
  });

  it('answers any code, and gives every explained one its owner, both languages and a page', () => {
    const property = fc.property(fc.nat(0xffffffff), (value) => {
      const answer = explainSpelling(`0x${value.toString(16)}`);
      for (const entry of answer?.ambiguous ? answer.readings : answer ? [answer] : [])
        expect(
          [entry.meaning, entry.documentation, entry.basis === 'unknown' ? null : entry.basis].every(
            (part) => (part === null) === (entry.status !== 'explained'),
          ),
        ).toBe(true);
    });
    fc.assert(property);
    expect(explainSpelling('no code')).toBeNull();
  });
});
