import { CsvRows } from '../csv-rows.js';
import type { CsvRow } from '../csv-rows.js';
import { detach } from '../line-splitter.js';
import { AccountKeeper } from '../reading-account.js';
import type { FoundInventory, FoundReport, ReadingEnd, SourceReader } from '../source-reader.js';
import { kbIn } from '../update-names.js';
import { isBlankedOut } from './inventory-words.js';

/** Columns that name the computer, the best first. */
const COMPUTER = ['pscomputername', 'csname', 'node', 'source', '__server'] as const;
const MOST_COMPUTERS = 100_000;
const MOST_PACKAGES = 2_000;

/** Whether a line is the head of an export of `Win32_QuickFixEngineering` (Get-HotFix, wmic qfe). */
export const isHotfixHead = (line: string): boolean =>
  /(?:^|[,;\t])"?HotFixID"?(?:[,;\t]|\s*$)/i.test(line) && /[,;\t]/.test(line);

/** A CSV export of `Win32_QuickFixEngineering`: one inventory a computer. Install dates have no zone and are left out. */
export class HotfixListReader implements SourceReader {
  private readonly rows = new CsvRows((row) => {
    this.row(row);
  });
  private readonly account = new AccountKeeper();
  private columns: readonly string[] | null = null;
  private readonly kbsOf = new Map<string, { line: number; kbs: Set<string> }>();

  push(bytes: Uint8Array): readonly FoundReport[] {
    this.rows.push(bytes);
    return [];
  }

  finish(): ReadingEnd {
    this.rows.finish();
    const inventories: FoundInventory[] = [...this.kbsOf].map(([computer, { line, kbs }]) => ({
      line,
      inventory: {
        eventType: 'patch.device_inventory',
        ...(computer !== '' && { deviceName: computer }),
        packages: [...kbs].map((kb) => ({ identity: kb, kb, state: 'Installed' })),
      },
    }));
    return { reports: [], inventories, account: this.account.close('hotfix_list') };
  }

  private row(row: CsvRow | null): void {
    if (row === null) this.account.setAside('blank');
    else if (this.columns === null) {
      this.columns = row.cells.map((cell) => cell.toLowerCase());
      this.account.setAside('routine');
    } else this.hotfix(row, this.columns);
  }

  private hotfix({ cells, line }: CsvRow, columns: readonly string[]): void {
    const cell = (name: string) => cells[columns.indexOf(name)] ?? '';
    const id = cell('hotfixid');
    const kb = kbIn(id);
    if (kb === undefined) {
      // "File 1" stands for hotfixes without a number; a row of another form is not understood.
      if (/^File \d+$/.test(id)) this.account.setAside('no_update_named');
      else this.account.notUnderstood();
      return;
    }
    const named = COMPUTER.map(cell).find((name) => name !== '' && !isBlankedOut(name)) ?? '';
    const computer = detach(named.slice(0, 255));
    const known = this.kbsOf.get(computer);
    if (known === undefined && this.kbsOf.size < MOST_COMPUTERS)
      this.kbsOf.set(computer, { line, kbs: new Set([kb]) });
    else if (known !== undefined && known.kbs.size < MOST_PACKAGES) known.kbs.add(kb);
    this.account.understood();
  }
}
