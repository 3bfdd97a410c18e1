import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BANK_TABLES, PUBLIC_VIEWS, SHARED_TABLES } from '../clickhouse/tables.js';
import { renderConfigXml } from './engine-config.js';
import { ensurePasswords } from './engine-passwords.js';
import { ROLLCALL_SCHEMA } from './engine-schema.js';
import { FIXED_USERS, renderUsersXml } from './engine-users.js';

const passwords = Object.fromEntries(
  [...FIXED_USERS, 'bank_north'].map((user) => [user, `secret-of-${user}`]),
);
const xml = renderUsersXml({ passwords, banks: ['north'], schema: ROLLCALL_SCHEMA, serverMemoryBytes: 1e9 });
const userElement = (name: string) =>
  new RegExp(`<${name}>[^]*?</${name}>`).exec(xml.slice(xml.indexOf('<users>')))?.[0] ?? '';

describe('users.xml', () => {
  it('holds no password, only hashes', () => {
    expect(xml).not.toContain('secret-of-');
    expect(xml.match(/<password_sha256_hex>[0-9a-f]{64}</g)).toHaveLength(FIXED_USERS.length + 1);
  });

  it('filters every table and view with a bank, in both generations, for a reader of a bank', () => {
    const user = userElement('bank_north');
    for (const table of BANK_TABLES)
      expect(user.split(`<${table}><filter>bank = 'north'</filter></${table}>`)).toHaveLength(3);
    for (const view of ROLLCALL_SCHEMA.bankViews)
      expect(user.split(`<${view}><filter>bank = 'north'</filter></${view}>`)).toHaveLength(4);
  });

  it('grants a reader of a bank filtered views and no table', () => {
    const user = userElement('bank_north');
    for (const table of [...BANK_TABLES, ...SHARED_TABLES])
      expect(user).not.toMatch(new RegExp(`GRANT .*\\.${table}<`));
    const granted = [...user.matchAll(/GRANT SELECT ON rollcall\.(\w+)/g)].map(([, view]) => view);
    expect(granted).toEqual(ROLLCALL_SCHEMA.bankViews);
    expect(granted).toEqual([...PUBLIC_VIEWS]);
  });

  it('lets the user without a password only open the listener', () => {
    expect([...userElement('default').matchAll(/GRANT (.*?)</g)].map(([, grant]) => grant)).toEqual([
      'SYSTEM LISTEN ON *.*',
      'SELECT ON system.numbers',
    ]);
  });

  it('names the user whose password is missing', () => {
    expect(() =>
      renderUsersXml({ passwords, banks: ['south'], schema: ROLLCALL_SCHEMA, serverMemoryBytes: 1e9 }),
    ).toThrow('no password for ClickHouse user bank_south');
  });
});

describe('config.xml', () => {
  it('takes paths with characters that XML reserves', () => {
    expect(renderConfigXml({ usersFile: '/data/a & <b>/users.xml', serverMemoryBytes: 1 })).toContain(
      '<users_config>/data/a &#38; &#60;b&#62;/users.xml</users_config>',
    );
  });
});

describe('passwords', () => {
  it('are made once, 0600, and completed for new banks', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-passwords-'));
    const file = join(folder, 'passwords.json');
    const first = ensurePasswords(file, []);
    const second = ensurePasswords(file, ['north']);
    expect(second).toMatchObject(first);
    expect(second.bank_north).toMatch(/^[\w-]{32}$/);
    expect(new Set(Object.values(second)).size).toBe(FIXED_USERS.length + 1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    rmSync(folder, { recursive: true });
  });

  it('are never overwritten when their file cannot be read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-passwords-'));
    const file = join(folder, 'passwords.json');
    writeFileSync(file, '{"writer": 1');
    expect(() => ensurePasswords(file, [])).toThrow(/passwords.*cannot be read; restore it, or remove it/);
    rmSync(folder, { recursive: true });
  });
});
