import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { failurePartsOf } from '../signature/signature.js';
import { OBJECT_TYPES, STAGES } from '../words.js';
import { wordsOfSignature } from './failure-words.js';

describe('wordsOfSignature', () => {
  it('reads back whatever words a signature was made of', () => {
    const code = fc.constantFrom('0x800f0922', '0x80070002', '0x00000422', '0xc0000102', '');
    const facts = fc.record({
      hresult: code,
      reportedHresult: fc.constant(''),
      stage: fc.constantFrom(...STAGES),
      failureSource: fc.constantFrom('', 'CSI Other', 'DOQ'),
      innerErrors: fc.array(
        fc.record({
          code: code.filter((text) => text !== ''),
          kind: fc.constantFrom('hresult', 'win32', 'ntstatus'),
        }),
        { maxLength: 2 },
      ),
      failingObject: fc.option(
        fc.record({
          type: fc.constantFrom(...OBJECT_TYPES),
          name: fc.constantFrom('cpu.inf', 'WMI (win32) + x', 'C:\\Program Files\\Windows Defender'),
        }),
      ),
    });
    fc.assert(
      fc.property(facts, (told) => {
        const { signature, code: own, stage, inner, object } = failurePartsOf(told);
        expect(wordsOfSignature(signature)).toEqual({ code: own, reported: '', stage, inner, object });
      }),
    );
  });
});
