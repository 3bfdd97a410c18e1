import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { AttemptStoreWriter, FactBatch } from '#attempt-store/attempt-store.js';
import type { Generation } from '#domain/generation.js';
import { EventLog } from '#event-log/event-log.js';
import type { LogSlice } from '#event-log/event-log.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { allDone } from './all-done.js';
import { decodeSlices, toDeadLetter } from './decode-slices.js';
import type { DecodedBatch } from './decode-slices.js';
import { LinkBook } from './link-book.js';
import type { LinkChanges } from './link-book.js';
import { recomputeHistories } from './recompute-histories.js';
import { touchedKeys } from './touched-keys.js';

/** What became of a batch. Arrays run parallel to the slices. */
export interface ProjectedBatch {
  readonly messages: number;
  readonly events: number;
  readonly unreadable: ReadonlyMap<string, number>;
  readonly largestArrivalMs: readonly (number | null)[];
  readonly readable: readonly (readonly boolean[])[];
}

const NO_FACTS: FactBatch = { reports: [], inventories: [], aliasLinks: [], kbLinks: [] };

/** Project the messages of these slices into a generation. Doing it twice, or again after a crash at any point, changes no number. */
export class ProjectBatch extends Command<ProjectedBatch> {
  constructor(
    readonly generation: Generation,
    readonly slices: readonly LogSlice[],
  ) {
    super();
  }
}

/**
 * decode → dead-letter → insert facts, and meanwhile tell the touched keys anew → write what was told, once the facts
 * are there. Resolves when all of it is durable and visible.
 */
@CommandHandler(ProjectBatch)
export class ProjectBatchHandler implements ICommandHandler<ProjectBatch> {
  private readonly books = new Map<Generation, LinkBook>();

  constructor(
    private readonly log: EventLog,
    private readonly writers: StoreWriters,
  ) {}

  async execute({ generation, slices }: ProjectBatch): Promise<ProjectedBatch> {
    const store = this.writers.of(generation);
    const decoded = decodeSlices(slices);
    if (decoded.unreadable.length > 0) {
      await this.log.append('patch.dead-letters', decoded.unreadable.map(toDeadLetter));
    }
    const { facts } = decoded;
    // Builds are read back from the store, so inventories must be there before anything is told.
    await store.insertFacts({ ...NO_FACTS, inventories: facts.inventories });
    const book = this.bookOf(generation, store);
    const changes = await book.learn(facts);
    const touched = await touchedKeys(store, book, facts, changes);
    // Told first: what it reads is what was stored before this batch.
    const told = recomputeHistories(store, book, touched, async (rows) => {
      await inserted;
      await store.writeHistories(rows);
    });
    const inserted = store.insertFacts({ ...facts, inventories: [] });
    await allDone([inserted, told, store.writeRemedies(decoded.remedies)]);
    await store.writeCanonicalDevices(canonicalRows(book, changes));
    book.settle();
    return summarise(decoded, slices);
  }

  private bookOf(generation: Generation, store: AttemptStoreWriter): LinkBook {
    const book = this.books.get(generation) ?? new LinkBook(store);
    this.books.set(generation, book);
    return book;
  }
}

function canonicalRows(book: LinkBook, changes: readonly LinkChanges[]) {
  return changes.flatMap(({ bank, devices }) =>
    [...devices].map((deviceKey) => ({
      bank,
      deviceKey,
      canonicalKey: book.canonicalOf(bank, deviceKey),
      version: book.linkCount(bank),
    })),
  );
}

function summarise(decoded: DecodedBatch, slices: readonly LogSlice[]): ProjectedBatch {
  const unreadable = new Map<string, number>();
  for (const { reason } of decoded.unreadable) unreadable.set(reason, (unreadable.get(reason) ?? 0) + 1);
  return {
    messages: slices.reduce((sum, slice) => sum + slice.records.length, 0),
    events: decoded.facts.reports.length + decoded.facts.inventories.length + decoded.remedies.length,
    unreadable,
    largestArrivalMs: decoded.largestArrivalMs,
    readable: decoded.readable,
  };
}
