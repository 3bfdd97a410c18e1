import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AdminReader } from '#event-log/admin-reader.js';
import { openLmdbEventLog } from '#event-log/lmdb/lmdb-event-log.js';
import { appendNames } from '#runtime/name-map.js';
import { EXIT } from './exit-codes.js';
import { withInstallation } from './installation.module.js';
import { shorten } from './output.js';
import { runCommandLine } from './program.js';

let data: string;
let out: string;
let err: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'rollcall-cli-'));
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(data, { recursive: true, force: true });
});

/** Runs one command line on the spec's data directory; answers code and what was printed. */
async function rollcall(...args: string[]) {
  out = '';
  err = '';
  const code = await runCommandLine(args);
  return { code, out, err };
}
const json = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

describe('usage', () => {
  it.each([
    [['cohort'], /Did you mean cohorts\?/],
    [['token', 'crate'], /Did you mean create\?/],
    [['cohorts', '--limt', '3'], /Did you mean --limit\?/],
    [['cohorts', '--limit', '-3'], /whole number/],
    [['cohorts', '--kb', 'foo'], /KB and 6 to 8 digits/],
    [['alerts', '--bank', 'Bank A'], /a-z, 0-9/],
    [['token', 'create', '--bank', 'a'], /--scope/],
    [['token', 'create', '--bank', 'a', '--scope', 'everything'], /none of collect, simulate, read, admin/],
    [['case', 'draft', '--cohort', 'x', '--lang', 'fr'], /zh, en/],
    [['up', '--console-port', '70000'], /65535/],
    [[], /Usage: rollcall/],
  ])('%j is wrong usage', async (args, hint) => {
    const { code, out: printed, err: said } = await rollcall(...args);
    expect(code).toBe(EXIT.usage);
    expect(printed).toBe('');
    expect(said).toMatch(hint);
  });

  it.each([
    'up',
    'cohorts',
    'device',
    'attempts',
    'alerts',
    'status',
    'simulate',
    'demo',
    'doctor',
    'import',
  ])('%s --help has an example', async (command) => {
    const { code, out: printed } = await rollcall(command, '--help');
    expect(code).toBe(EXIT.done);
    expect(printed).toMatch(new RegExp(`Examples?:[\\s\\S]*rollcall ${command}`));
  });
});

describe('bank and token', () => {
  it('make a bank with its key, once, readable by its owner only', async () => {
    const first = await rollcall(
      'bank',
      'add',
      'bank-a',
      '--time-zone',
      'Asia/Shanghai',
      '--data',
      data,
      '--json',
    );
    expect(first.code).toBe(EXIT.done);
    expect(json(first.out)).toEqual([
      { bank: 'bank-a', timeZone: 'Asia/Shanghai', fqdn: false, nameMap: false, added: true },
    ]);
    const keys = readFileSync(join(data, 'keys.json'), 'utf8');
    expect(statSync(join(data, 'keys.json')).mode & 0o777).toBe(0o600);
    const again = await rollcall(
      'bank',
      'add',
      'bank-a',
      '--time-zone',
      'Asia/Shanghai',
      '--data',
      data,
      '--json',
    );
    expect(json(again.out)).toMatchObject([{ added: false }]);
    expect(readFileSync(join(data, 'keys.json'), 'utf8')).toBe(keys);
    expect((await rollcall('bank', 'add', 'bank-a', '--data', data)).out).toContain('was already there');
    for (const other of [['--time-zone', 'Europe/Berlin'], ['--fqdn']])
      expect((await rollcall('bank', 'add', 'bank-a', ...other, '--data', data)).code).toBe(EXIT.failed);
    const named = await rollcall('bank', 'add', 'bank-a', '--name-map', '--data', data, '--json');
    expect(json(named.out)).toMatchObject([{ timeZone: 'Asia/Shanghai', nameMap: true }]);
    await rollcall('bank', 'add', 'bank-a', '--no-name-map', '--data', data);
    expect((await rollcall('bank', 'add', 'Bank A', '--data', data)).code).toBe(EXIT.usage);
    expect((await rollcall('bank', 'add', 'bank-b', '--time-zone', 'Mars', '--data', data)).code).toBe(
      EXIT.usage,
    );
    const list = await rollcall('bank', 'list', '--data', data, '--json');
    expect(json(list.out)).toEqual([
      { bank: 'bank-a', timeZone: 'Asia/Shanghai', fqdn: false, nameMap: false },
    ]);
  });

  it('make a token of which only the SHA-256 is kept, and take it back', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    const wish = [
      '--bank',
      'bank-a',
      '--scope',
      'collect',
      'read',
      '--expires-in',
      '90d',
      '--data',
      data,
      '--json',
    ];
    const made = await rollcall('token', 'create', ...wish);
    const [created] = json(made.out) as [{ token: string; id: string; expiresAt: string }];
    expect(Object.keys(created)).toEqual(['token', 'id', 'expiresAt']);
    expect(created.token).toMatch(/^rc_[A-Za-z0-9_-]{43}$/);
    const state = await withInstallation(data, ({ log }) => new AdminReader(log, 0).refresh());
    const sha256 = createHash('sha256').update(created.token).digest('hex');
    expect(state.credentials.get(sha256)).toEqual({
      tokenId: created.id,
      bank: 'bank-a',
      scopes: ['collect', 'read'],
      createdAt: expect.any(String),
      expiresAt: created.expiresAt,
    });
    const list = await rollcall('token', 'list', '--data', data, '--json');
    expect(json(list.out)).toMatchObject([{ id: created.id, bank: 'bank-a' }]);
    expect(list.out).not.toContain(created.token);
    expect((await rollcall('token', 'revoke', created.id, '--data', data)).code).toBe(EXIT.done);
    expect((await rollcall('token', 'revoke', created.id, '--data', data)).code).toBe(EXIT.notKnown);
    expect((await rollcall('token', 'list', '--data', data, '--json')).out).toBe('');
  });

  it('know no token for a bank that was not added', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    const { code, err: said } = await rollcall(
      'token',
      'create',
      '--bank',
      'bank-x',
      '--scope',
      'read',
      '--data',
      data,
    );
    expect(code).toBe(EXIT.notKnown);
    expect(said).toContain('rollcall bank add bank-x');
  });
});

describe('a place where no installation is', () => {
  const nowhere = () => join(data, 'typo');
  const commands = [
    ['lag', '--max', '1'],
    ['dead-letters', 'list'],
    ['token', 'list'],
    ['bank', 'list'],
    ['bank', 'names', 'bank-a'],
  ];

  it.each(commands)('is not taken for an empty one: %s %s', async (...command) => {
    const { code, err: said } = await rollcall(...command, '--data', nowhere());
    expect([code, said]).toEqual([EXIT.notKnown, expect.stringContaining('there is no event log in')]);
    expect(existsSync(nowhere())).toBe(false);
  });

  it('is named when an installation cannot begin there, and nobody waits', async () => {
    const { code, err: said } = await rollcall('bank', 'add', 'bank-a', '--data', '/proc/nope');
    expect([code, said]).toEqual([EXIT.failed, expect.stringContaining('/proc/nope')]);
  });

  it('is no source of a copy, and may be its target', async () => {
    const target = join(data, 'copy');
    const copy = () => rollcall('log', 'copy', '--from', `lmdb:${nowhere()}`, '--to', `lmdb:${target}`);
    expect((await copy()).code).toBe(EXIT.notKnown);
    expect([existsSync(nowhere()), existsSync(target)]).toEqual([false, false]);
    await rollcall('bank', 'add', 'bank-a', '--data', nowhere());
    expect((await copy()).err).toContain(`there is one in ${join(nowhere(), 'log')}`);
    const whole = ['--from', `lmdb:${join(nowhere(), 'log')}`, '--to', `lmdb:${target}`];
    expect((await rollcall('log', 'copy', ...whole)).code).toBe(EXIT.done);
  });
});

describe('name maps', () => {
  const file = () => join(data, 'names', 'bank-a.ndjson');
  const keep = (...devices: readonly { readonly deviceKey: string; readonly name: string }[]) =>
    appendNames(file(), () => Promise.resolve(devices));

  it('are off at first, and turned on and off without touching what pseudonyms depend on', async () => {
    const add = (...more: string[]) => rollcall('bank', 'add', 'bank-a', '--data', data, '--json', ...more);
    expect(json((await add()).out)).toMatchObject([{ nameMap: false, added: true }]);
    expect(json((await add('--name-map')).out)).toMatchObject([{ nameMap: true, added: false }]);
    expect(json((await add()).out)).toMatchObject([{ nameMap: true }]);
    expect((await add('--name-map', '--fqdn')).code).toBe(EXIT.failed);
    expect(json((await add('--no-name-map')).out)).toMatchObject([{ nameMap: false }]);
    const list = await rollcall('bank', 'list', '--data', data, '--json');
    expect(json(list.out)).toMatchObject([{ bank: 'bank-a', fqdn: false, nameMap: false }]);
  });

  it('are listed, asked and deleted', async () => {
    await rollcall('bank', 'add', 'bank-a', '--name-map', '--data', data);
    const devices = [
      { deviceKey: 'd-1', name: 'pc-1' },
      { deviceKey: 'd-2', name: 'pc-2' },
      { deviceKey: 'd-3', name: 'pc-3' },
    ];
    expect((await rollcall('bank', 'names', 'bank-a', '--data', data, '--json')).out).toBe('');
    await keep(...devices);
    expect(json((await rollcall('bank', 'names', 'bank-a', '--data', data, '--json')).out)).toEqual(devices);
    expect((await rollcall('bank', 'names', 'bank-a', '--data', data)).out).toMatch(/d-2.*pc-2/);
    const one = await rollcall('bank', 'name', 'bank-a', 'd-2', '--data', data);
    expect([one.code, one.out]).toEqual([EXIT.done, 'pc-2\n']);
    expect((await rollcall('bank', 'forget', 'bank-a', 'd-2', '--data', data)).code).toBe(EXIT.done);
    expect(readFileSync(file(), 'utf8')).not.toContain('pc-2');
    for (const command of ['name', 'forget'])
      expect((await rollcall('bank', command, 'bank-a', 'd-2', '--data', data)).code).toBe(EXIT.notKnown);
    expect((await rollcall('bank', 'forget', 'bank-a', '--data', data)).code).toBe(EXIT.usage);
    expect((await rollcall('bank', 'forget', 'bank-a', 'd-1', '--all', '--data', data)).code).toBe(
      EXIT.usage,
    );
    const all = await rollcall('bank', 'forget', 'bank-a', '--all', '--data', data, '--json');
    expect(json(all.out)).toEqual([{ forgotten: 2 }]);
    expect((await rollcall('bank', 'names', '../bank-a', '--data', data)).code).toBe(EXIT.notKnown);
  });

  it('say in the help what forgetting means', async () => {
    expect((await rollcall('bank', 'forget', '--help')).out).toMatch(/reports again [^.]* remembered anew/);
  });

  it('add the name to a device’s page, from the file and only when asked', async () => {
    const device = { deviceKey: 'd-0', bank: 'bank-a', osBuild: '', model: '', branch: '' };
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end(JSON.stringify({ ...device, latest: [], attempts: [], codes: {} }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = (...more: string[]) =>
      rollcall('device', 'd-1', '--url', url, '--token', 'rc_x', '--data', data, ...more);
    await keep({ deviceKey: 'd-1', name: 'pc-1' });
    expect((await ask('--names')).out).toMatch(/name +pc-1/);
    expect(json((await ask('--names', '--json')).out)).toMatchObject([{ deviceKey: 'd-0', name: 'pc-1' }]);
    expect((await ask('--json')).out).not.toContain('pc-1');
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    await rollcall('bank', 'forget', 'bank-a', 'd-1', '--data', data);
    expect((await ask('--names')).out).toMatch(/name +not known/);
    server.close();
    server.closeAllConnections();
    expect(new Set(seen)).toEqual(new Set(['/api/v1/devices/d-1']));
  });
});

describe('questions', () => {
  it('say where to look when nothing runs', async () => {
    const { code, err: said } = await rollcall('cohorts', '--data', data);
    expect(code).toBe(EXIT.failed);
    expect(said).toContain(`rollcall up --data ${data}`);
  });

  it('follow the pages of a remote console and tell not known from failed', async () => {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://console');
      seen.push(`${request.headers.authorization ?? ''} ${url.pathname}${url.search}`);
      if (url.pathname.includes('devices')) {
        response.writeHead(404, { 'content-type': 'application/problem+json' });
        return response.end(JSON.stringify({ detail: 'device d-x is not known' }));
      }
      const second = url.searchParams.get('cursor') === 'two';
      const page = { items: [{ alertId: second ? 'a2' : 'a1' }], nextCursor: second ? null : 'two' };
      return response.end(JSON.stringify({ ...page, generation: 'blue', asOf: null }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const remote = ['--url', url, '--token', 'rc_x', '--json'];
    const alerts = await rollcall('alerts', '--kb', 'KB5043064', ...remote);
    const device = await rollcall('device', 'd-x', ...remote);
    const second = await rollcall('alerts', '--cursor', 'two', ...remote);
    const first = await rollcall('alerts', '--limit', '1', ...remote);
    server.close();
    server.closeAllConnections();
    expect(json(alerts.out)).toEqual([{ alertId: 'a1' }, { alertId: 'a2' }]);
    expect(seen[0]).toBe('Bearer rc_x /api/v1/alerts?kb=KB5043064&limit=100');
    expect(json(second.out)).toEqual([{ alertId: 'a2' }]);
    expect([first.out, first.err]).toEqual(['{"alertId":"a1"}\n', expect.stringContaining('--cursor two')]);
    expect(device).toMatchObject({ code: EXIT.notKnown, out: '' });
    expect(device.err).toContain('device d-x is not known');
  });
});

describe('tables for people', () => {
  const kb = 'package:Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.4780.1.7';
  it.each([kb, `update:${'a'.repeat(500)}`, '包'.repeat(90)])('stay narrow: %s', (wide) => {
    const short = shorten(wide);
    expect(short).toHaveLength(40);
    expect(short.startsWith(wide.slice(0, 20)) && wide.endsWith(short.slice(-10))).toBe(true);
    expect(shorten('KB5041578')).toBe('KB5041578');
  });
});

describe('--data', () => {
  it.each(['doctor', 'status', 'up', 'demo'])('%s says that a file is no directory', async (command) => {
    for (const path of ['keys.json', 'keys.json/below']) {
      await rollcall('bank', 'add', 'bank-a', '--data', data);
      const { code, err: said } = await rollcall(command, '--data', join(data, path));
      expect(code).toBe(EXIT.usage);
      expect(said).toContain(`${join(data, 'keys.json')} is a file, not a directory`);
    }
  });
});

describe('doctor', () => {
  it('warns of tokens that end soon, not of those made for one piece of work', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    const make = (lifetime: string) =>
      rollcall(
        ...['token', 'create', '--bank', 'bank-a', '--scope', 'collect'],
        '--expires-in',
        lifetime,
        '--data',
        data,
      );
    const warnings = async () =>
      (
        json((await rollcall('doctor', '--data', data, '--json')).out) as { state: string; check: string }[]
      ).filter(({ state, check }) => state === 'warning' && check === 'tokens');
    await make('1h');
    expect(await warnings()).toEqual([]);
    await make('7d');
    expect(await warnings()).toHaveLength(1);
  });

  it('warns when a message waits for long, however few they are', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    const finding = async () =>
      (json((await rollcall('doctor', '--data', data, '--json')).out) as { check: string }[]).find(
        ({ check }) => check === 'event log',
      );
    const message = { key: 'bank-a/d-1', value: Buffer.from('{}') };
    await withInstallation(data, ({ log }) => log.append('patch.attempts', [message]));
    expect(await finding()).toMatchObject({ state: 'ok', detail: '1 messages, 1 not yet projected' });
    const anHourAgo = Date.now() - 3_600_000;
    const old = await openLmdbEventLog({ directory: join(data, 'log'), nowMs: () => anHourAgo });
    await old.append('patch.inventory', [message]);
    await old.close();
    expect(await finding()).toMatchObject({
      state: 'warning',
      detail: '2 messages, 2 not yet projected, the oldest since 60 min',
    });
  });

  it('tells of dead letters that wait for somebody', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    const finding = async () =>
      (json((await rollcall('doctor', '--data', data, '--json')).out) as { check: string }[]).filter(
        ({ check }) => check === 'dead letters',
      );
    expect(await finding()).toMatchObject([{ state: 'ok' }]);
    const letter = { key: 'bank-a/d-1', value: Buffer.from('{'), headers: { reason: 'not_json' } };
    await withInstallation(data, ({ log }) => log.append('patch.dead-letters', [letter, letter]));
    expect(await finding()).toMatchObject([
      { state: 'warning', detail: '1 that nobody has looked after (not_json)' },
    ]);
    await rollcall('dead-letters', 'drop', '--all', '--because', 'a test', '--data', data);
    expect(await finding()).toMatchObject([{ state: 'ok' }]);
  });

  it('finds rights that are too open and says what to do', async () => {
    await rollcall('bank', 'add', 'bank-a', '--data', data);
    expect((await rollcall('doctor', '--data', data)).code).toBe(EXIT.done);
    chmodSync(join(data, 'keys.json'), 0o644);
    const { code, out: printed } = await rollcall('doctor', '--data', data, '--json');
    expect(code).toBe(EXIT.failed);
    const wrong = (json(printed) as { state: string; todo: string }[]).filter(
      ({ state }) => state === 'wrong',
    );
    expect(wrong).toMatchObject([{ check: 'key file', todo: `chmod 600 ${join(data, 'keys.json')}` }]);
  });
});
