import { createPseudonyms, rememberPseudonyms } from '#domain/pseudonym.js';
import type { Pseudonyms } from '#domain/pseudonym.js';
import { readBankKeys } from '#runtime/bank-keys.js';
import { tryLater } from '../problem.js';

/** A fleet of this size is hashed once; a larger one again now and then. About 20 MB. */
const REMEMBERED_DEVICES = 200_000;

/** Each bank's pseudonyms. The keys file is read again when a bank is not in it yet: banks are added while we run. */
export class BankPseudonyms {
  private readonly byBank = new Map<string, Pseudonyms>();

  constructor(private readonly keysFile: string) {}

  /** @throws Problem 503 when the bank has no key: without it, names could not be kept out of the log */
  of(bank: string, fqdn: boolean): Pseudonyms {
    const known = this.byBank.get(bank);
    if (known) return known;
    const key = this.readKey(bank);
    const pseudonyms = rememberPseudonyms(createPseudonyms(key, fqdn), REMEMBERED_DEVICES);
    this.byBank.set(bank, pseudonyms);
    return pseudonyms;
  }

  private readKey(bank: string): Buffer {
    let reason = `bank ${bank} has no key in the keys file of this collector`;
    try {
      const key = readBankKeys(this.keysFile).get(bank);
      if (key) return key;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    throw tryLater(503, 'no_bank_key', reason, 30);
  }
}
