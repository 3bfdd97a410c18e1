import { describe, expect, it } from '@jest/globals';
import { describeError } from './logger.js';

const refused = new Error('connect ECONNREFUSED 127.0.0.1:59999');

describe('an error in the log', () => {
  it.each(['StoreUnavailableError', 'LogUnavailableError'])('is its words alone when %s', (name) => {
    const error = Object.assign(new Error(`away: ${refused.message}`, { cause: refused }), { name });
    expect(describeError(error)).toEqual({ type: name, message: `away: ${refused.message}` });
  });

  it('has its stack and its cause when it is a defect of ours', () => {
    const text = JSON.stringify(describeError(new TypeError('no such thing', { cause: refused })));
    expect(text).toContain('logger.spec');
    expect(text).toContain('ECONNREFUSED');
  });
});
