import { detach } from '../line-splitter.js';
import { kbIn } from '../update-names.js';
import { repairMojibake } from './mojibake.js';

const MOST_UPDATES = 50_000;
const MOST_THREADS = 64;
/** `… pid tid component   Title = …`, and below it by the same thread `UpdateId = GUID.revision`. Groups: thread, rest. */
const LISTED = /^\S+[ \t]+\S+[ \t]+(\d+[ \t]+\d+)[ \t]+\w+[ \t]+(Title|UpdateId) = (.{1,1000})$/;
const UPDATE = /([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?\.(\d{1,10})/gi;

interface Known {
  title?: string;
  /** null = lines about this update name different KBs: none is certain. */
  kb?: string | null;
}

/**
 * What other lines of the log tell about an update, joined by GUID and revision: titles are not on the result lines.
 * A KB counts only from lines that name just this one update, and only if all of them agree; titles may be mojibake,
 * so the KB is never looked for by words.
 */
export class UpdateTitles {
  private readonly known = new Map<string, Known>();
  /** By thread: the title that its next line names the update of. */
  private readonly announced = new Map<string, string>();

  /** Takes a line that may name an update and its title or KB. */
  learn(line: string): void {
    const ids = new Set<string>();
    const listed = LISTED.exec(line);
    const thread = listed?.[1] ?? '';
    const listedTitle = this.announced.get(thread);
    if (listed !== null) this.announced.delete(thread);
    if (listed?.[2] === 'Title') {
      if (this.announced.size >= MOST_THREADS) this.announced.clear();
      this.announced.set(detach(thread), detach((listed[3] ?? '').trimEnd()));
      return;
    }
    for (const found of line.matchAll(UPDATE)) {
      ids.add(`${found[1] ?? ''}.${found[2] ?? ''}`.toLowerCase());
      if (ids.size > 1) return;
    }
    const [id] = ids;
    if (id === undefined) return;
    const title =
      /\bTitle=(.{1,1000}?), (?:ProductName|UpdateId)=|\bDeserialized installable update (.{1,1000}?), UpdateID = /i.exec(
        line,
      );
    const kb = kbIn(listedTitle ?? line);
    if (title === null && listedTitle === undefined && kb === undefined) return;
    const entry = this.entry(id);
    if (entry === undefined) return;
    const text = listedTitle ?? title?.[1] ?? title?.[2];
    if (text !== undefined && text !== '(null)') entry.title ??= detach(text);
    if (kb !== undefined) entry.kb = entry.kb === undefined || entry.kb === kb ? kb : null;
  }

  of(updateId: string, revision: number): { title?: string; kb?: string } {
    const entry = this.known.get(`${updateId}.${revision}`);
    return {
      ...(entry?.title !== undefined && { title: repairMojibake(entry.title).slice(0, 1024) }),
      ...(entry?.kb !== undefined && entry.kb !== null && { kb: entry.kb }),
    };
  }

  private entry(id: string): Known | undefined {
    const known = this.known.get(id);
    if (known !== undefined || this.known.size >= MOST_UPDATES) return known;
    const fresh: Known = {};
    this.known.set(detach(id), fresh);
    return fresh;
  }
}
