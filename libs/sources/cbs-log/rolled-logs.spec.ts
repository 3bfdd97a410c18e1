import { describe, expect, it } from '@jest/globals';
import { firstStampOf, isLogPartName, joinRolledLogs } from './rolled-logs.js';

const part = (name: string, firstStamp: string) => ({ path: `logs/${name}`, name, firstStamp });
const names = (parts: ReturnType<typeof part>[]) =>
  joinRolledLogs(parts).map((log) => log.map(({ name }) => name));

describe('parts of a rolled CBS.log', () => {
  it('are read in the order in which Windows rolled them, whatever the order of the folder', () => {
    const parts = [
      part('CBS.log', '2024-02-20 09:20:00'),
      part('CbsPersist_20240220012000.log', '2024-02-11 08:00:00'),
      part('CbsPersist_20240211000000.log', '2024-01-02 08:00:00'),
    ];
    const expected = [['CbsPersist_20240211000000.log', 'CbsPersist_20240220012000.log', 'CBS.log']];
    expect(names(parts)).toEqual(expected);
    expect(names([...parts].reverse())).toEqual(expected);
  });

  it('stay by themselves when a part between them is missing or nothing tells when they begin', () => {
    expect(
      names([
        part('CbsPersist_20240211000000.log', '2024-01-02 08:00:00'),
        part('CBS.log', '2024-02-20 09:20:00'),
      ]),
    ).toEqual([['CbsPersist_20240211000000.log'], ['CBS.log']]);
    expect(names([part('CbsPersist_20240211000000.log', ''), part('CBS.log', '')])).toEqual([
      ['CbsPersist_20240211000000.log'],
      ['CBS.log'],
    ]);
    expect(
      names([part('CbsPersist_20249911000000.log', ''), part('CBS.log', '2024-02-20 09:20:00')]),
    ).toHaveLength(2);
  });

  it('are known by the names Windows gives; the first stamp is found behind blank and cut lines', () => {
    expect(['CBS.log', 'cbs.LOG', 'CbsPersist_20240211000000.log'].every(isLogPartName)).toBe(true);
    expect(['CBS.log.bak', 'dism.log', 'CbsPersist_2024.log'].some(isLogPartName)).toBe(false);
    const log = '\ufeff\n cut\n2024-02-20 09:20:00, Info                  CBS    TI: ---\n';
    expect(firstStampOf(Buffer.from(log))).toBe('2024-02-20 09:20:00');
    expect(firstStampOf(Buffer.from(log, 'utf16le'))).toBe('2024-02-20 09:20:00');
    expect(firstStampOf(Buffer.alloc(0))).toBe('');
  });
});
