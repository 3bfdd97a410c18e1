import { describe, expect, it } from '@jest/globals';
import { rollcallHere } from '../../../test/harness/in-process-command.js';
import words from './code-words.json' with { type: 'json' };

const code = (...args: string[]) => rollcallHere('code', ...args);

describe('rollcall code', () => {
  it.each<[string[], number, RegExp]>([
    [['0x80071ab1'], 0, /^0x80071ab1 {2}ERROR_LOG_GROWTH_FAILED\n[^]*carries: win32 6833/],
    [['0x8024001E', '--lang', 'zh'], 0, /WU_E_SERVICE_STOP\nWindows 更新服务或电脑正在关闭/],
    [['-2146498527'], 0, /CBS_E_ABORT/],
    [['2388526074'], 3, /0x8e5e03fa {2}unknown[^]*facility: 1630 unknown/],
    [
      ['0xd0000102'],
      0,
      /0xc0000102 {2}STATUS_FILE_CORRUPT_ERROR[^]*an NTSTATUS inside the HRESULT 0xd0000102/,
    ],
    [['1058'], 0, /1058 can mean 2 different codes[^]*win32 1058[^]*win32 4184/],
    [['1058', '--as', 'win32'], 0, /^0x00000422 {2}ERROR_SERVICE_DISABLED\n/],
    [['0x800106d9'], 3, /facility: 1 FACILITY_RPC/],
    [['0x800f082c'], 0, /only the name is published/],
    [['0x80290200'], 0, /Only the name of this code is known/],
    [['CBS_E_NO_SUCH_NAME'], 3, /^$/],
    [['hello'], 64, /^$/],
    [['1058', '--as', 'octal'], 64, /^$/],
    [['0x80071ab1', '--lang', 'fr'], 64, /^$/],
    [[], 64, /^$/],
  ])('%j ends with %i', async (args, exitCode, printed) => {
    const outcome = await code(...args);
    expect(outcome.code).toBe(exitCode);
    expect(outcome.out).toMatch(printed);
  });

  it('is one JSON object with both languages', async () => {
    const { out } = await code('0x80071ab1', '--json');
    expect(JSON.parse(out)).toMatchObject({
      input: '0x80071ab1',
      symbol: 'ERROR_LOG_GROWTH_FAILED',
      kind: 'hresult',
      severity: 'error',
      likelyOwner: 'hardware',
      documentation: expect.stringContaining('https://learn.microsoft.com/') as unknown,
      meaning: { zh: expect.stringContaining('事务日志') as unknown, en: expect.any(String) as unknown },
    });
  });

  it('has the same words in both languages', () => {
    const namesOf = (language: keyof typeof words) => [
      ...Object.keys(words[language]),
      ...Object.keys(words[language].owners),
      ...Object.keys(words[language].severities),
    ];
    expect(namesOf('zh')).toEqual(namesOf('en'));
  });
});
