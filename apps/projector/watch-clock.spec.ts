import { describe, expect, it } from '@jest/globals';
import type { LogSlice } from '#event-log/event-log.js';
import { WatchClock } from './watch-clock.js';

const slice = (partition: number, left = 0): LogSlice => ({
  topic: 'patch.attempts',
  partition,
  records: [],
  nextOffset: 10,
  endOffset: 10 + left,
});

describe('the time of the watch', () => {
  it('is not known before the first event, as after a restart: the largest arrival stored stands for it', () => {
    const clock = new WatchClock();
    expect(clock.nowMs).toBeNull();
    clock.note(slice(0), null);
    expect(clock.nowMs).toBeNull();
  });

  it('is the largest arrival, while nobody has a backlog', () => {
    const clock = new WatchClock();
    clock.note(slice(0), 1_000);
    clock.note(slice(1), 3_000);
    clock.note(slice(1), 2_000);
    expect(clock.nowMs).toBe(3_000);
  });

  it('waits for a partition with a backlog, until it has none or nobody reads it', () => {
    const clock = new WatchClock();
    clock.note(slice(0), 5_000);
    clock.note(slice(1, 7), 1_000);
    clock.note(slice(2, 7), 2_000);
    expect(clock.nowMs).toBe(1_000);
    clock.leave(slice(1));
    expect(clock.nowMs).toBe(2_000);
    clock.note(slice(2), 4_000);
    expect(clock.nowMs).toBe(5_000);
  });

  it('forgets a partition that another projector reads now', () => {
    const clock = new WatchClock();
    clock.note(slice(0), 5_000);
    clock.note(slice(1, 7), 1_000);
    clock.keep([slice(0), slice(1)]);
    expect(clock.nowMs).toBe(1_000);
    clock.keep([slice(0)]);
    expect(clock.nowMs).toBe(5_000);
  });
});
