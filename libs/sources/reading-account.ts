/** Why a record that was read gives no report. A closed list, so that it can be counted and explained. */
export type SetAsideReason =
  | 'routine'
  | 'other_provider'
  | 'repair_session'
  | 'feature_change'
  | 'store_app'
  | 'defender_definition'
  | 'scan'
  | 'download_progress'
  | 'notice'
  | 'no_update_named'
  | 'state_without_attempt'
  | 'blank';

export type SourceFormat =
  | 'cbs_log'
  | 'dism_log'
  | 'windows_update_log'
  | 'windows_update_log_legacy'
  | 'evtx'
  | 'event_xml'
  | 'event_documents'
  | 'event_viewer_text'
  | 'event_table'
  | 'event_list'
  | 'package_list'
  | 'system_info'
  | 'hotfix_list'
  | 'report_events'
  | 'reporting_events'
  | 'wsus_listing'
  | 'unknown';

/** A run of records with one distance between local time and UTC. Times are local, as written. */
export interface OffsetStretch {
  readonly utcOffset: string;
  readonly from: string;
  readonly to: string;
}

/**
 * What became of every record of one file (contract.md §7): records = understood + Σ setAside + notUnderstood.
 * `from` and `to` are the first and last time covered, UTC where the file says it, local as written where not.
 */
export interface ReadingAccount {
  readonly format: SourceFormat;
  readonly records: number;
  readonly understood: number;
  readonly setAside: Readonly<Partial<Record<SetAsideReason, number>>>;
  readonly notUnderstood: number;
  readonly reports: number;
  readonly from: string | null;
  readonly to: string | null;
  readonly offsets: readonly OffsetStretch[];
}

/** Counts while a file is read. Each record is put into exactly one place, so the account always adds up. */
export class AccountKeeper {
  private understoodCount = 0;
  private notUnderstoodCount = 0;
  private reportCount = 0;
  private readonly aside = new Map<SetAsideReason, number>();
  private first: string | null = null;
  private last: string | null = null;

  understood(count = 1): void {
    this.understoodCount += count;
  }

  setAside(reason: SetAsideReason, count = 1): void {
    if (count > 0) this.aside.set(reason, (this.aside.get(reason) ?? 0) + count);
  }

  notUnderstood(count = 1): void {
    this.notUnderstoodCount += count;
  }

  report(count = 1): void {
    this.reportCount += count;
  }

  /** Widens the time covered; texts must sort as times do. */
  covers(time: string): void {
    if (this.first === null || time < this.first) this.first = time;
    if (this.last === null || time > this.last) this.last = time;
  }

  close(format: SourceFormat, offsets: readonly OffsetStretch[] = []): ReadingAccount {
    const set = [...this.aside.values()].reduce((sum, count) => sum + count, 0);
    return {
      format,
      records: this.understoodCount + set + this.notUnderstoodCount,
      understood: this.understoodCount,
      setAside: Object.fromEntries(this.aside),
      notUnderstood: this.notUnderstoodCount,
      reports: this.reportCount,
      from: this.first,
      to: this.last,
      offsets,
    };
  }
}
