import type { Report } from '#domain/report.js';
import type { ReportKey } from './stored-keys.js';

const KEPT_SHARE = 0.75;

/**
 * The reports of keys that were first met a short while ago, so that they need not be read back: most keys that
 * come again do so soon, when another source tells the same attempt or the device tries once more. Holds a key whole
 * or not at all, and forgets the oldest first. True only while nobody else writes the generation.
 */
export class RecentReports {
  private readonly reportsByKey = new Map<string, Report[]>();
  private held = 0;

  constructor(private readonly maxReports: number) {}

  /** @param isNew the store holds nothing of the key, so what is added from now on is all of it */
  add(report: Report, isNew: boolean): void {
    const id = idOf(report);
    const known = this.reportsByKey.get(id);
    if (known) known.push(report);
    else if (isNew) this.reportsByKey.set(id, [report]);
    else return;
    this.held += 1;
    if (this.held > this.maxReports) this.shrink();
  }

  /** All reports of the key, or null when this does not know. */
  of(key: ReportKey): readonly Report[] | null {
    return this.reportsByKey.get(idOf(key)) ?? null;
  }

  /** A good part at once: each walk over a map passes all that was deleted since it was last made anew. */
  private shrink(): void {
    for (const [id, reports] of this.reportsByKey) {
      if (this.held <= this.maxReports * KEPT_SHARE) return;
      this.reportsByKey.delete(id);
      this.held -= reports.length;
    }
  }
}

const idOf = ({ bank, deviceKey, kbKey }: ReportKey): string => `${bank}/${kbKey}/${deviceKey}`;
