import { setTimeout as delay } from 'node:timers/promises';
import { canonicalDeviceName } from '#domain/pseudonym.js';
import type { Pseudonyms } from '#domain/pseudonym.js';
import type { Logger } from '#runtime/logger.js';
import { MOST_NAMES, appendNames, nameMapFile, readEdition, readNameMap } from '#runtime/name-map.js';
import type { Edition, NamedDevice } from '#runtime/name-map.js';

/** How long a device whose name was just deleted may still count as known, and so not be written anew. */
const LOOK_AGAIN_MS = 1_000;
/** Another process may hold the file; what is not written comes with the devices' next reports. */
const CLOSE_MS = 1_000;

/** Pseudonyms that listen while the rows of one request are taken. */
export interface ListeningPseudonyms extends Pseudonyms {
  /** Remembers the names that were heard and not known. Call it when the log holds the request; does not wait. */
  remember(): void;
}

interface HeardName {
  readonly name: string;
  readonly atMs: number;
}

/** What the collector knows of one bank's file. */
interface Book {
  readonly file: string;
  /** Device keys in the file. */
  known: Set<string>;
  /** Device key → when its name was deleted, ms. */
  forgotten: ReadonlyMap<string, number>;
  edition: string | null;
  lookedAtMs: number;
  /** Heard, not in the file yet. */
  waiting: Map<string, HeardName>;
  writing: Promise<void> | null;
  /** Trouble is told once, until it is over. */
  troubled: boolean;
}

/**
 * Keeps the name maps of the banks that want one. A service to their staff: when it fails, that is logged and the
 * reports are taken all the same; the names come with the devices' next reports.
 */
export class NameBook {
  private readonly books = new Map<string, Book>();

  constructor(
    private readonly directory: string,
    private readonly logger: Logger,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** For one request of a bank; null when its file cannot be read now. A known device costs one look-up. */
  async listen(bank: string, fqdn: boolean, pseudonyms: Pseudonyms): Promise<ListeningPseudonyms | null> {
    const book = this.bookOf(bank);
    const atMs = this.nowMs();
    try {
      await this.lookAgain(book);
    } catch (error) {
      this.tell(bank, book, error);
      return null;
    }
    const heard = new Map<string, HeardName>();
    return {
      deviceKey: (deviceName) => {
        const deviceKey = pseudonyms.deviceKey(deviceName);
        if (!book.known.has(deviceKey))
          heard.set(deviceKey, { name: canonicalDeviceName(deviceName, fqdn), atMs });
        return deviceKey;
      },
      aliasKey: (alias) => pseudonyms.aliasKey(alias),
      remember: () => {
        for (const [deviceKey, name] of heard) {
          if (book.known.size + book.waiting.size >= MOST_NAMES) break;
          book.waiting.set(deviceKey, name);
        }
        if (book.waiting.size > 0) book.writing ??= this.write(bank, book);
      },
    };
  }

  /** Resolves when everything heard is written or has failed to be; not later than in a second, for a stop has little time. */
  async close(): Promise<void> {
    const written = Promise.all([...this.books.values()].map(async ({ writing }) => writing));
    await Promise.race([written, delay(CLOSE_MS, undefined, { ref: false })]);
  }

  private bookOf(bank: string): Book {
    const known = this.books.get(bank);
    if (known) return known;
    const book: Book = {
      file: nameMapFile(this.directory, bank),
      known: new Set(),
      forgotten: new Map(),
      edition: null,
      lookedAtMs: Number.NEGATIVE_INFINITY,
      waiting: new Map(),
      writing: null,
      troubled: false,
    };
    this.books.set(bank, book);
    return book;
  }

  private async lookAgain(book: Book): Promise<void> {
    const nowMs = this.nowMs();
    if (nowMs - book.lookedAtMs < LOOK_AGAIN_MS) return;
    await follow(book, await readEdition(book.file));
    book.lookedAtMs = nowMs;
  }

  private async write(bank: string, book: Book): Promise<void> {
    try {
      while (book.waiting.size > 0) {
        const heard = book.waiting;
        book.waiting = new Map();
        await writeHeard(book, heard);
      }
      book.troubled = false;
    } catch (error) {
      this.tell(bank, book, error);
    } finally {
      book.writing = null;
    }
  }

  private tell(bank: string, book: Book, error: unknown): void {
    if (book.troubled) return;
    book.troubled = true;
    this.logger.warn(
      { err: error, bank },
      'the name map cannot be kept for now; reports are taken all the same',
    );
  }
}

async function writeHeard(book: Book, heard: ReadonlyMap<string, HeardName>): Promise<void> {
  let written: readonly NamedDevice[] = [];
  const edition = await appendNames(book.file, async (current) => {
    await follow(book, current);
    const deletedMs = (key: string) => Math.max(current?.sinceMs ?? 0, book.forgotten.get(key) ?? 0);
    written = [...heard]
      .filter(([deviceKey, { atMs }]) => atMs > deletedMs(deviceKey) && !book.known.has(deviceKey))
      .map(([deviceKey, { name }]) => ({ deviceKey, name }));
    return written;
  });
  book.edition = edition?.edition ?? null;
  for (const { deviceKey } of written) book.known.add(deviceKey);
}

/** After a deletion the file is another edition: what was known of the former one is forgotten here too. */
async function follow(book: Book, edition: Edition | null): Promise<void> {
  if ((edition?.edition ?? null) === book.edition) return;
  const map = await readNameMap(book.file);
  book.known = new Set(map.names.keys());
  book.forgotten = map.forgotten;
  book.edition = map.edition?.edition ?? null;
}
