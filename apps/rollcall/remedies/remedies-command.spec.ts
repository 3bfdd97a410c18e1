import { describe, expect, it } from '@jest/globals';
import type { RemedyAdvice } from '#domain/remedies/recommend-remedies.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';

const remedies = (...args: string[]) => rollcallHere('remedies', ...args);

describe('rollcall remedies', () => {
  it('shows all that is advised, with risk and outcomes', async () => {
    expect(await remedies('80071AB1', '--lang', 'en')).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /reset_transaction_log .*fixed 1 of 1[^]*free_space_and_reset_components .*forgets its update history/,
      ) as unknown,
    });
    expect((await remedies('0x80071ab1')).out).toContain('重新安装该更新');
  });

  it('narrows by inner error and object', async () => {
    const outcome = await remedies(
      ...['0x800f0922', '--inner', '1058', '--object', 'installer:WMI Installer', '--json'],
    );
    expect(outcome.code).toBe(0);
    expect(outcome.items<RemedyAdvice>()[0]).toMatchObject({ id: 'enable_wmi_service', level: 3 });
  });

  it.each([
    [['0x80123456'], 3],
    [['what'], 64],
    [['0x80071ab1', '--inner', 'x y'], 64],
    [['0x80071ab1', '--object', 'cpu.inf'], 64],
    [['0x80071ab1', '--stage', 'somewhere'], 64],
    [['applied', 'restart_everything', '--device', 'pc-1', '--kb', 'KB5034763'], 64],
    [['applied', 'own_', '--device', 'pc-1', '--kb', 'KB5034763'], 64],
    [['applied', 'retry', '--kb', 'KB5034763'], 64],
    [['applied', 'retry', '--device', 'pc-1'], 64],
    [['applied', 'retry', '--device', 'pc-1', '--kb', 'x'], 64],
    [['outcome', 'retry', '--device', 'pc-1', '--kb', 'KB5034763'], 64],
    [['outcome', 'retry', '--device', 'pc-1', '--kb', 'KB5034763', '--fixed', '--not-fixed'], 64],
  ])('%j ends with %i', async (args, exitCode) => {
    expect(await remedies(...args)).toMatchObject({ code: exitCode, out: '' });
  });
});
