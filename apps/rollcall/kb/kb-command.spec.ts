import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { attemptReportSchema } from '#domain/attempt-event.js';
import { rollcallHere } from '../../../test/harness/in-process-command.js';

const check = (...args: string[]) => rollcallHere('kb', 'check', ...args);

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
    const { code, out } = await check(...args);
    expect(code).toBe(exitCode);
    expect(out).toMatch(printed);
  });

  it('tells the same in JSON', async () => {
    const asked = ['KB5041578', '--build', '17763.2114', '--claimed', 'V2022-L', '--at', '2024-09-10'];
    const { out } = await check(...asked, '--json');
    expect(JSON.parse(out)).toMatchObject({
      kb: 'KB5041578',
      verdict: 'applicable',
      expired: true,
      edition: { verdict: 'conflict' },
      compliance: { verdict: 'n_behind', behind: 37 },
    });
  });
});

describe('rollcall kb hash', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'rollcall-hash-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  // More than one piece of a stream, and not a whole number of pieces.
  const content = Buffer.alloc(2_500_001, 'package');
  const sha1 = createHash('sha1').update(content).digest('hex');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const file = (name: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const hash = (...args: string[]) => rollcallHere('kb', 'hash', ...args);
  const codeOf = async (...args: string[]) => (await hash(...args)).code;

  it('streams both hashes and compares them', async () => {
    const named = file(`windows10.0-kb5041578-x64_${sha1}.msu`);
    const { code, out } = await hash(named, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      file: named,
      kb: 'KB5041578',
      verdict: 'match',
      bytes: content.length,
      sha1,
      sha256,
      checks: [{ by: 'file_name', verdict: 'match' }],
    });
    expect((await hash(named)).out).toContain(sha256);
  });

  it('ends with what is worst', async () => {
    const good = file(`a_${sha1}.cab`);
    const wrong = file('windows10.0-kb5014692-x64.msu');
    const free = file('free.msu');
    expect(await codeOf(good, free)).toBe(3);
    expect(await codeOf(good, wrong, free)).toBe(2);
    expect(await codeOf(free, '--kb', '5014692')).toBe(2);
    expect(await codeOf(good, join(folder, 'none.msu'), wrong)).toBe(1);
    expect(await codeOf(folder)).toBe(1);
    expect(await codeOf()).toBe(64);
    expect(await codeOf(good, '--kb', 'x')).toBe(64);
  });

  it('attaches the verdict to an attempt as a report that a collector takes', async () => {
    const bodies: string[] = [];
    const collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(gunzipSync(Buffer.concat(chunks)).toString());
        response.writeHead(202).end('{"accepted":1,"rejected":[]}');
      });
    });
    await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
    try {
      const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
      const to = ['--url', url, '--token', 't', '--device', 'pc-0042', '--at', '2022-08-18T16:00:00+08:00'];
      const named = file(`windows10.0-kb5041578-x64_${sha1}.msu`);
      expect(await codeOf(named, ...to)).toBe(0);
      expect(attemptReportSchema.parse(JSON.parse(bodies[0] ?? ''))).toMatchObject({
        deviceKey: 'pc-0042',
        targetKb: 'KB5041578',
        occurredAt: '2022-08-18T08:00:00.000Z',
        outcome: 'unknown',
        tags: { packageSha256: sha256, packageSha1: sha1, packageVerdict: 'match' },
      });
      expect(await codeOf(file('no-kb.msu'), ...to)).toBe(64);
      expect(await codeOf(named, ...to.slice(0, 6))).toBe(64);
      expect(bodies).toHaveLength(1);
    } finally {
      collector.close();
    }
  });
});

describe('rollcall kb packages', () => {
  const listing = (...packages: readonly (readonly [string, string])[]): string =>
    [
      'Deployment Image Servicing and Management tool',
      'Version: 10.0.17763.1',
      '',
      'Packages listing:',
      '',
      ...packages.flatMap(([identity, state]) => [
        `Package Identity : ${identity}`,
        `State : ${state}`,
        'Release Type : Security Update',
        'Install Time : 9/12/2024 9:31 AM',
        '',
      ]),
      'The operation completed successfully.',
      '',
    ].join('\r\n');

  it('names states, stale waiting, and what not to uninstall', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-packages-'));
    try {
      const file = join(folder, 'packages.txt');
      const pending = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.6293.1.4';
      const older = 'Package_for_RollupFix~31bf3856ad364e35~amd64~~17763.2114.1.12';
      writeFileSync(file, listing([pending, 'Install Pending'], [older, 'Superseded']));
      const listed = await rollcallHere('kb', 'packages', file, '--at', '2024-09-15', '--json');
      expect(listed.code).toBe(0);
      const rows = listed.items<Record<string, unknown>>();
      expect(rows).toMatchObject([
        {
          identity: older,
          kb: 'KB5005030',
          state: 'superseded',
          pendingDays: null,
          uninstall: { advise: 'never' },
        },
        { identity: pending, kb: 'KB5043050', state: 'install_pending', since: '2024-09-15T00:00:00.000Z' },
      ]);
      expect(rows[1]?.['pendingDays']).toBeGreaterThan(700);
      writeFileSync(file, 'nothing of the kind');
      expect((await rollcallHere('kb', 'packages', file)).code).toBe(3);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
