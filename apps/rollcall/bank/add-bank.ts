import { AdminReader, appendAdminEvent } from '#event-log/admin-reader.js';
import type { Bank } from '#domain/admin.js';
import { bankSchema } from '#domain/attempt-event.js';
import { addBankKey } from '#runtime/bank-keys.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import type { Installation } from '../installation.module.js';

/** Settings of a bank as asked for; absent = as it is, at first without zone, FQDNs and name map. */
export type WantedBank = Pick<Bank, 'bank'> & {
  readonly [Setting in Exclude<keyof Bank, 'bank'>]?: Bank[Setting] | undefined;
};

export interface AddedBank {
  readonly added: boolean;
  /** With the settings that hold now. */
  readonly bank: Bank;
}

/**
 * Adds a bank and its pseudonym key. Adding it again with the same settings changes nothing; its name map may be
 * turned on and off that way.
 * @throws CommandFailure when name or zone cannot be used, or the bank is there with other settings
 */
export async function addBank(installation: Installation, wanted: WantedBank): Promise<AddedBank> {
  if (!bankSchema.safeParse(wanted.bank).success) {
    throw new CommandFailure(EXIT.usage, `"${wanted.bank}" is no bank name: 1 to 32 of a-z, 0-9 and -`);
  }
  const { banks } = await new AdminReader(installation.log, 0).refresh();
  const known = banks.get(wanted.bank);
  const bank: Bank = {
    bank: wanted.bank,
    timeZone: wanted.timeZone ?? known?.timeZone ?? null,
    fqdn: wanted.fqdn ?? known?.fqdn ?? false,
    nameMap: wanted.nameMap ?? known?.nameMap ?? false,
  };
  if (bank.timeZone !== null && !isTimeZone(bank.timeZone)) {
    throw new CommandFailure(EXIT.usage, `"${bank.timeZone}" is no IANA time zone such as Asia/Shanghai`);
  }
  if (known && (known.timeZone !== bank.timeZone || known.fqdn !== bank.fqdn)) {
    throw new CommandFailure(
      EXIT.failed,
      `bank ${wanted.bank} is there with other settings (time zone ${known.timeZone ?? 'none'}, ` +
        `fqdn ${known.fqdn}); they are fixed, because device pseudonyms depend on them`,
    );
  }
  // The key first: a bank that senders can use must never be without it.
  addBankKey(installation.data.keys, wanted.bank);
  if (known?.nameMap === bank.nameMap) return { added: false, bank };
  await appendAdminEvent(installation.log, { type: 'BankAdded', at: new Date().toISOString(), ...bank });
  return { added: !known, bank };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
