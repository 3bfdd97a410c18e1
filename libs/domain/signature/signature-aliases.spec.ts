import { describe, expect, it } from '@jest/globals';
import { formerIdsOf, idsOf, withAliases } from './signature-aliases.js';

const once = withAliases(new Map(), [
  ['a', 'b'],
  ['a', 'c'],
]);
const twice = withAliases(once, [
  ['b', 'd'],
  ['a', 'b'],
  ['d', 'a'],
]);

describe('signature aliases', () => {
  it('follow an id through every change of rules, also when it split or came back', () => {
    expect(idsOf(once, 'a')).toEqual(['a', 'b', 'c']);
    expect([...idsOf(twice, 'a')].sort()).toEqual(['a', 'b', 'c', 'd']);
    expect(idsOf(twice, 'other')).toEqual(['other']);
    expect(once.get('a')?.size).toBe(2);
  });

  it('name the ids that one had before', () => {
    expect(formerIdsOf(once, 'b')).toEqual(['a']);
    expect([...formerIdsOf(twice, 'c')].sort()).toEqual(['a', 'b', 'd']);
    expect(formerIdsOf(twice, 'other')).toEqual([]);
  });
});
