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
const remedies = (...args: string[]) => runCommandLine(['remedies', ...args]);

describe('rollcall remedies', () => {
  it('shows all that is advised, with risk and outcomes', async () => {
    expect(await remedies('80071AB1', '--lang', 'en')).toBe(0);
    expect(out).toMatch(
      /reset_transaction_log .*fixed 1 of 1[^]*free_space_and_reset_components .*forgets its update history/,
    );
    out = '';
    expect(await remedies('0x80071ab1')).toBe(0);
    expect(out).toContain('重新安装该更新');
  });

  it('narrows by inner error and object', async () => {
    const asked = ['0x800f0922', '--inner', '1058', '--object', 'installer:WMI Installer', '--json'];
    expect(await remedies(...asked)).toBe(0);
    expect(JSON.parse(out.split('\n')[0] ?? '')).toMatchObject({ id: 'enable_wmi_service', level: 3 });
  });

  it.each([
    [['0x80123456'], 3],
    [['what'], 64],
    [['0x80071ab1', '--inner', 'x y'], 64],
    [['0x80071ab1', '--object', 'cpu.inf'], 64],
    [['0x80071ab1', '--stage', 'somewhere'], 64],
  ])('%j ends with %i', async (args, exitCode) => {
    expect(await remedies(...args)).toBe(exitCode);
    expect(out).toBe('');
  });
});
