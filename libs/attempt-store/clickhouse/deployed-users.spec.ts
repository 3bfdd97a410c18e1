import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askClickHouse } from '../../../test/harness/ask-clickhouse.js';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';
import { PUBLIC_VIEWS } from './tables.js';

/** Users by SQL cannot be made on the one-machine engine; that ClickHouse can read the statements, and that none is forgotten, can be seen. */
describe('users of a ClickHouse server of your own', () => {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await startTestEngine();
  });
  afterAll(() => engine.stop());
  const textOf = (name: string) =>
    readFileSync(new URL(`../../../deploy/clickhouse/${name}`, import.meta.url), 'utf8');

  it.each(['users.sql', 'bank.sql'])('%s is read by ClickHouse', async (name) => {
    const statements = textOf(name)
      .replace(/^--.*\n/gm, '')
      .replaceAll('BANK', 'bank-a')
      .replace(/\{\w+_password:String\}/g, `'secret'`)
      .split(/;\n/)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '');
    expect(statements.length).toBeGreaterThan(10);
    for (const statement of statements) {
      const { code, text } = await askClickHouse(engine, 'writer', `EXPLAIN AST ${statement}`);
      expect({ statement, code, text: code === 0 ? '' : text }).toEqual({ statement, code: 0, text: '' });
    }
  });

  it('a bank reads every public view and no other', () => {
    const granted = [...textOf('bank.sql').matchAll(/GRANT SELECT ON rollcall\.(\w+) TO/g)].map(
      ([, view]) => view,
    );
    expect(granted.sort()).toEqual([...PUBLIC_VIEWS].sort());
  });
});
