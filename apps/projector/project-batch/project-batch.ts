import { Command, CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { AttemptStoreWriter, FactBatch, LinkEntry } from '#attempt-store/attempt-store.js';
import type { Generation } from '#domain/generation.js';
import { EventLog } from '#event-log/event-log.js';
import type { LogSlice } from '#event-log/event-log.js';
import { StoreWriters } from '#attempt-store/store-writers.js';
import { allDone } from './all-done.js';
import { decodeSlices, toDeadLetter } from './decode-slices.js';
import type { DecodedBatch } from './decode-slices.js';
import { LinkBook } from './link-book.js';
import type { LinkChanges } from './link-book.js';
import { aliasEntry, banksOf, kbEntry, linkEntries } from './link-entries.js';
import { recomputeHistories } from './recompute-histories.js';
import { joinsOf, touchedKeys } from './touched-keys.js';

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
  /** @param decodedAhead the same slices, decoded by who had time for it before */
  constructor(
    readonly generation: Generation,
    readonly slices: readonly LogSlice[],
    readonly decodedAhead?: DecodedBatch,
  ) {
    super();
  }
}

/**
 * decode → dead-letter → insert facts → tell the touched keys anew → write what was told. Resolves when all of it is
 * durable and visible.
 */
@CommandHandler(ProjectBatch)
export class ProjectBatchHandler implements ICommandHandler<ProjectBatch> {
  private readonly books = new WeakMap<object, LinkBook>();

  constructor(
    private readonly log: EventLog,
    private readonly writers: StoreWriters,
  ) {}

  async execute({ generation, slices, decodedAhead }: ProjectBatch): Promise<ProjectedBatch> {
    const store = this.writers.of(generation);
    const decoded = decodedAhead ?? decodeSlices(slices);
    if (decoded.unreadable.length > 0) {
      await this.log.append('patch.dead-letters', decoded.unreadable.map(toDeadLetter));
    }
    const { facts } = decoded;
    const book = this.bookOf(store);
    let changes: LinkChanges[] = [];
    const told = (async () => {
      changes = this.writers.isShared
        ? await this.storeThenTell(store, book, facts)
        : await this.storeWhileTelling(store, book, facts);
    })();
    await allDone([told, store.writeRemedies(decoded.remedies)]);
    await store.writeCanonicalDevices(canonicalRows(book, changes));
    book.settle();
    return summarise(decoded, slices);
  }

  /**
   * The only projector of the generation: what it reads is what was stored before this batch, and the batch it has.
   * So the keys are told while the reports are on their way.
   */
  private async storeWhileTelling(
    store: AttemptStoreWriter,
    book: LinkBook,
    facts: FactBatch,
  ): Promise<LinkChanges[]> {
    await this.storeLinks(store, book, facts, { ...NO_FACTS, inventories: facts.inventories });
    const changes = book.changes();
    const touched = await touchedKeys(store, book, facts, changes, false);
    await book.record(banksOf(facts), joinsOf(book, touched));
    const told = recomputeHistories(store, book, touched, async (rows) => {
      await inserted;
      await store.writeHistories(rows);
    });
    const inserted = store.insertFacts({ ...NO_FACTS, reports: facts.reports });
    await allDone([inserted, told]);
    return changes;
  }

  /**
   * One projector of several. Facts first; then the links as they are stored; then the reports of the touched keys: of two
   * projectors that touch one key the later reader sees what both stored (docs/decisions/0120-several-projectors.md).
   */
  private async storeThenTell(
    store: AttemptStoreWriter,
    book: LinkBook,
    facts: FactBatch,
  ): Promise<LinkChanges[]> {
    await this.storeLinks(store, book, facts, facts);
    for (;;) {
      const changes = book.changes();
      const touched = await touchedKeys(store, book, facts, changes, true);
      const joins = joinsOf(book, touched);
      if (joins.length === 0) {
        await recomputeHistories(store, book, touched, (rows) => store.writeHistories(rows));
        return changes;
      }
      // The links that rows are told by must be read after it is known under which keys they will stand.
      await book.record(banksOf(facts), joins);
    }
  }

  /** Stores these facts with the links that are new, in the tables first: who knows a link from the journal finds it there. */
  private async storeLinks(
    store: AttemptStoreWriter,
    book: LinkBook,
    facts: FactBatch,
    stored: FactBatch,
  ): Promise<void> {
    const banks = banksOf(facts);
    await book.meet(banks);
    const isNew = (entry: LinkEntry) => !book.linksOf(entry.bank).holds(entry);
    await store.insertFacts({
      ...stored,
      aliasLinks: facts.aliasLinks.filter((link) => isNew(aliasEntry(link))),
      kbLinks: facts.kbLinks.filter((link) => isNew(kbEntry(link))),
    });
    const entries = linkEntries(facts);
    await book.record(banks, entries);
    book.note(entries);
  }

  private bookOf(store: AttemptStoreWriter): LinkBook {
    const book = this.books.get(store.filling) ?? new LinkBook(store, this.writers.isShared);
    this.books.set(store.filling, book);
    return book;
  }
}

function canonicalRows(book: LinkBook, changes: readonly LinkChanges[]) {
  return changes.flatMap(({ bank, devices }) =>
    [...devices].map((deviceKey) => ({
      bank,
      deviceKey,
      canonicalKey: book.linksOf(bank).canonicalOf(deviceKey),
      version: book.linksOf(bank).count,
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
