import { describe, expect, it } from '@jest/globals';
import { wsusServerOf } from './wsus-server.js';

describe('the WSUS server of an attempt', () => {
  it.each([
    ['head-office', 'wsus', 'head-office'],
    ['wsus-1a2b3c4d', 'wsus', 'wsus-1a2b3c4d'],
    // Tags are free text: what goes into an alert is not.
    ['PC-17.bank.example', 'wsus', ''],
    ['two words', 'wsus', ''],
    ['a'.repeat(65), 'wsus', ''],
    ['', 'wsus', ''],
    ['head-office', 'servicing', ''],
  ] as const)('tag %j of source %s is %j', (tag, source, server) => {
    expect(wsusServerOf({ source, tags: { wsus_server: tag } })).toBe(server);
  });

  it('is nobody without tags', () => {
    expect(wsusServerOf({ source: 'wsus' })).toBe('');
  });
});
