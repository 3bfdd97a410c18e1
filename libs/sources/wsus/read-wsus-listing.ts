import { CsvRows } from '../csv-rows.js';
import type { CsvRow } from '../csv-rows.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';

/** Columns that only listings of WSUS have, lower case: any two of one kind make a head. */
const KINDS: readonly (readonly string[])[] = [
  // Get-WsusUpdate: updates with how many computers have them.
  [
    'computersneedingthisupdate',
    'computerswitherrors',
    'computersinstalledornotapplicable',
    'computerswithnostatus',
    'installedornotapplicablepercentage',
  ],
  // Get-WsusComputer: computers and when they last reported.
  [
    'fulldomainname',
    'lastreportedstatustime',
    'lastreportedinventorytime',
    'lastsyncresult',
    'requestedtargetgroupname',
    'requestedtargetgroupnames',
    'computertargetgroupids',
  ],
  // GetUpdateInstallationInfo…: the state of an update on a computer, without a time and a code.
  ['computertargetid', 'updateinstallationstate', 'updateapprovalaction', 'updateapprovaltargetgroupid'],
  // GetSummaries…: how many are in which state.
  [
    'installedpendingrebootcount',
    'failedcount',
    'notinstalledcount',
    'notapplicablecount',
    'downloadedcount',
  ],
];

/** Whether a line is the head of a listing that the WSUS cmdlets or their objects were exported to. */
export function isWsusListingHead(line: string): boolean {
  if (line.length > 4_096) return false;
  const names = line.split(/[,;\t]/).map((cell) => cell.replaceAll('"', '').trim().toLowerCase());
  return KINDS.some((kind) => kind.filter((name) => names.includes(name)).length >= 2);
}

/**
 * What Get-WsusUpdate, Get-WsusComputer and the summaries behind them export: counts and present states. None of them says
 * when something was tried and how it ended, so no row is an attempt: all are counted and set aside. Attempts are in the
 * server's event history (`GetUpdateEventHistory`), which is read as a table of events.
 */
export class WsusListingReader implements SourceReader {
  private readonly rows = new CsvRows((row) => {
    this.row(row);
  });
  private readonly account = new AccountKeeper();
  private width = 0;

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.rows.push(bytes);
    return [];
  }

  finish(): ReadingEnd {
    this.rows.finish();
    return { reports: [], account: this.account.close('wsus_listing') };
  }

  private row(row: CsvRow | null): void {
    if (row === null) this.account.setAside('blank');
    else if (this.width === 0) {
      this.width = row.cells.length;
      this.account.setAside('routine');
    } else if (row.cells.length === this.width) this.account.setAside('state_without_attempt');
    else this.account.notUnderstood();
  }
}
