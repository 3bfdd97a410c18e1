import { openEnvironment } from './environment.js';

const MAP_SIZE_BYTES = 1024 * 1024;

/**
 * Keeps openings of lmdb files apart from commits to them, across the processes that use a directory.
 *
 * Whoever opens an environment sets the number of its last transaction, which all processes share, to the one that it
 * read a moment before (mdb.c, `mdb_env_open2` in lmdb 3.5.6), without lmdb's write lock. The next transaction then
 * begins before a commit that fell in between, and overwrites it: acknowledged messages are gone, or pages in use are,
 * and the writer crashes.
 *
 * The gate is the write lock of an environment that nobody writes to, so its own number never changes. Whoever commits
 * holds it, and so does whoever opens. A killed process loses it, as it loses every lock of lmdb.
 */
export class OpeningGate {
  private readonly gate: ReturnType<typeof openEnvironment>;
  private commits = 0;
  private letGo: () => void = () => undefined;
  /** Settles when this process lets go of the gate; null when it does not hold it. */
  private holding: Promise<void> | null = null;

  /**
   * @param notWith never waited for while this process holds that one, which in turn may be waited for while this one is
   * held: so no two processes wait for each other
   */
  constructor(
    path: string,
    private readonly notWith?: OpeningGate,
  ) {
    this.gate = openEnvironment(path, MAP_SIZE_BYTES, { encoding: 'binary', useVersions: false });
  }

  /** Opens while no other process commits; the thread waits for one that does. */
  open<T>(open: () => T): T {
    return this.holding === null ? this.gate.transactionSync(open) : open();
  }

  /** Commits while no other process opens or commits; the thread waits for one that does. Commits of this process share the gate. */
  async commit<T>(write: () => Promise<T>): Promise<T> {
    while (this.commits === 0) {
      const before = this.holding ?? this.notWith?.holding ?? null;
      if (before === null) break;
      await before;
    }
    if (this.commits === 0) this.hold();
    this.commits += 1;
    try {
      return await write();
    } finally {
      this.commits -= 1;
      if (this.commits === 0) this.letGo();
    }
  }

  async close(): Promise<void> {
    await this.holding;
    await this.gate.close();
  }

  private hold(): void {
    const ended = new Promise<void>((resolve) => (this.letGo = resolve));
    const transaction = this.gate.transactionSync(() => ended);
    // Behind lmdb-js, which ends the transaction in the turn before: nothing runs while this says more than is so.
    this.holding = ended.then(() => {
      this.holding = null;
      return transaction;
    });
  }
}
