/**
 * Waits for every promise, also when one fails: what a batch began has ended before the batch is tried again.
 * @throws the first failure in the order given
 */
export async function allDone(works: readonly Promise<unknown>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason;
}
