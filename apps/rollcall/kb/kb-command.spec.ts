import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { runCommandLine } from '../program.js';

let out: string;
beforeEach(() => {
  out = '';
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

const check = (...args: string[]) => runCommandLine(['kb', 'check', ...args]);

describe('rollcall kb check', () => {
  it.each([
    [['KB5043064', '--build', '17763.2114'], 2, /wrong_build/],
    [['KB6016623'], 3, /unknown_kb[^]*KB5016623/],
    [['KB5041578', '--build', '17763.2114', '--claimed', 'V2022-L'], 0, /applicable[^]*conflict: V2022-L/],
    [['5041578', '--build', '10.0.17763.2114'], 0, /applicable/],
    [['KB5041578', '--build', '17763.6189'], 2, /already_installed/],
    [['KB5041578', '--build', '17763.2114', '--installed', 'kb5041578'], 2, /already_installed/],
    [['KB5041578', '--build', '17763.6293'], 2, /superseded/],
    [['KB5041578'], 3, /unknown/],
    [['2024-08 B', '--build', '17763.2114'], 0, /KB5041578 on 17763.2114/],
    [['2024-08 B', '--build', '1.1'], 64, /^$/],
    [['2024-08 B'], 3, /^$/],
    [['2024-08'], 64, /^$/],
    [['KB5041578', '--build', 'new'], 64, /^$/],
    [['KB5041578', '--at', 'yesterday'], 64, /^$/],
  ])('%j ends with %i', async (args, exitCode, printed) => {
    expect(await check(...args)).toBe(exitCode);
    expect(out).toMatch(printed);
  });

  it('tells the same in JSON', async () => {
    await check('KB5041578', '--build', '17763.2114', '--claimed', 'V2022-L', '--at', '2024-09-10', '--json');
    expect(JSON.parse(out)).toMatchObject({
      kb: 'KB5041578',
      verdict: 'applicable',
      expired: true,
      edition: { verdict: 'conflict' },
      compliance: { verdict: 'n_behind', behind: 37 },
    });
  });
});
