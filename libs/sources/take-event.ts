import type { AccountKeeper } from './reading-account.js';
import type { FoundReport } from './source-reader.js';
import { readWindowsEvent } from './windows-event.js';
import type { WindowsEvent } from './windows-event.js';

/** Books one event in the account of its file. @param event null = it could not be read @returns its report with its record id; null = it gives none */
export function takeEvent(account: AccountKeeper, event: WindowsEvent | null): FoundReport | null {
  if (event === null) {
    account.notUnderstood();
    return null;
  }
  if (event.timeCreated !== null) account.covers(event.timeCreated);
  const reading = readWindowsEvent(event);
  if (reading.kind === 'aside') {
    account.setAside(reading.reason);
    return null;
  }
  account.understood();
  account.report();
  return { ...(event.recordId !== null && { recordId: event.recordId }), report: reading.report };
}
