import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestEngine } from '../../../test/harness/test-engine.js';
import type { TestEngine } from '../../../test/harness/test-engine.js';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine({ banks: ['north', 'south-1'], onEvent: (e) => console.log(e) });
});
afterAll(() => engine.stop());

describe('engine', () => {
  it('answers', async () => {
    const r = await fetch(engine.url, {
      method: 'POST',
      body: 'SELECT 1',
      headers: { 'X-ClickHouse-User': 'writer', 'X-ClickHouse-Key': engine.passwords.writer },
    });
    expect(await r.text()).toBe('1\n');
  });
});
