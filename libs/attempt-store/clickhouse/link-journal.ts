import { randomUUID } from 'node:crypto';
import type { LinkEntry, LinkFeed } from '../attempt-store.js';
import { column } from './insert-rows.js';
import type { Column } from './insert-rows.js';
import { quote } from './inline-table.js';
import { text, uint64 } from './native-block.js';

interface JournalRow extends LinkEntry {
  readonly writer: string;
  readonly sequence: number;
}

const JOURNAL_COLUMNS: readonly Column<JournalRow>[] = [
  column('bank', text, (row) => row.bank),
  column('writer', text, (row) => row.writer),
  column('sequence', uint64, (row) => row.sequence),
  column('kind', text, (row) => row.kind),
  column('subject', text, (row) => row.subject),
  column('object', text, (row) => row.object),
];

type InsertJournal = (columns: readonly Column<JournalRow>[], rows: readonly JournalRow[]) => Promise<void>;

/**
 * This process's rows of the journal of links. Under one name everything but the last insert is acknowledged, so whoever
 * has read up to a number has read all below it. After a lost answer the name is given up: what lands late, lands
 * under the old name, behind everything that was read there.
 */
export class JournalWriter {
  private name = randomUUID();
  private sequence = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly insert: InsertJournal) {}

  async append(entries: readonly LinkEntry[]): Promise<void> {
    const turn = this.last.then(() => this.appendNext(entries));
    this.last = turn.catch(() => undefined);
    await turn;
  }

  private async appendNext(entries: readonly LinkEntry[]): Promise<void> {
    const rows = entries.map((entry) => ({ ...entry, writer: this.name, sequence: ++this.sequence }));
    try {
      await this.insert(JOURNAL_COLUMNS, rows);
    } catch (error) {
      this.name = randomUUID();
      this.sequence = 0;
      throw error;
    }
  }
}

/** bank, writer, sequence, kind, subject, object */
type FeedRow = readonly [string, string, number, LinkEntry['kind'], string, string];

/**
 * Reads the journal on from where it stopped, per bank and writer. One statement sees one state of the table, and a bank's
 * rows lie on one shard: so answers are ordered.
 */
export class JournalFeed implements LinkFeed {
  private readonly readUpTo = new Map<string, Map<string, number>>();

  constructor(
    private readonly table: string,
    private readonly rows: (query: string) => Promise<FeedRow[]>,
  ) {}

  async read(banks: readonly string[]): Promise<readonly LinkEntry[]> {
    if (banks.length === 0) return [];
    const found = await this.rows(
      `SELECT bank, writer, sequence, kind, subject, object FROM ${this.table} WHERE ${banks.map((bank) => this.unread(bank)).join(' OR ')}`,
    );
    for (const [bank, writer, sequence] of found) {
      const places = this.readUpTo.get(bank) ?? new Map<string, number>();
      this.readUpTo.set(bank, places);
      places.set(writer, Math.max(sequence, places.get(writer) ?? 0));
    }
    return found.map(([bank, , , kind, subject, object]) => ({ bank, kind, subject, object }));
  }

  private unread(bank: string): string {
    const places = [...(this.readUpTo.get(bank) ?? [])];
    if (places.length === 0) return `bank = ${quote(bank)}`;
    const known = places.map(([writer]) => quote(writer)).join(', ');
    const later = places.map(([writer, upTo]) => ` OR (writer = ${quote(writer)} AND sequence > ${upTo})`);
    return `(bank = ${quote(bank)} AND (writer NOT IN (${known})${later.join('')}))`;
  }
}
