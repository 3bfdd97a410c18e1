/** So many unreadable messages in a row, or such a share of the last ones, mean our own bug or a wrong topic. */
const IN_A_ROW_MAX = 1_000;
const SHARE_OF = 10_000;
const SHARE_MAX = 0.5;

interface Tally {
  inARow: number;
  seen: number;
  unreadable: number;
}

/** Counts unreadable messages per partition; says when a partition must be paused instead of emptied into the dead letters. */
export class FloodGuard {
  private readonly tallies = new Map<string, Tally>();

  /** Notes one slice's messages in order (`true` = readable). Returns whether the partition floods. */
  note(topic: string, partition: number, readable: readonly boolean[]): boolean {
    const id = `${topic}/${partition}`;
    const tally = this.tallies.get(id) ?? { inARow: 0, seen: 0, unreadable: 0 };
    this.tallies.set(id, tally);
    let floods = false;
    for (const ok of readable) {
      tally.inARow = ok ? 0 : tally.inARow + 1;
      tally.seen += 1;
      if (!ok) tally.unreadable += 1;
      floods ||= tally.inARow >= IN_A_ROW_MAX;
      if (tally.seen === SHARE_OF) {
        floods ||= tally.unreadable >= SHARE_OF * SHARE_MAX;
        tally.seen = 0;
        tally.unreadable = 0;
      }
    }
    return floods;
  }
}
