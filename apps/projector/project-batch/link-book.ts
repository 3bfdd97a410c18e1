import type { AttemptStoreWriter, LinkEntry } from '#attempt-store/attempt-store.js';
import { BankLinks, CARRIERS_MAX } from './bank-links.js';

/** What links changed and nobody has told anew yet. */
export interface LinkChanges {
  readonly bank: string;
  /** Devices that may belong to another key now than their rows say. */
  readonly devices: Set<string>;
  /** `update:…` keys that got a KB, or another. */
  readonly updateKeys: Set<string>;
}

const idOf = ({ bank, kind, subject, object }: LinkEntry): string => `${bank}/${kind}/${subject}/${object}`;

/**
 * The links of every bank met so far, as the store's journal tells them. A link of a batch counts as changed the first
 * time *this process* meets it, even when the store knows it already, and until `settle`: the process that stored it
 * may have died before it told the keys anew. Links that others store are theirs to tell.
 */
export class LinkBook {
  private readonly banks = new Map<string, BankLinks>();
  private readonly unsettled = new Map<string, LinkEntry>();
  private readonly settled = new Set<string>();
  private readonly settledClones = new Set<string>();
  private readonly feed;

  /** @param isShared other processes add links too: what is known of a bank is read on in the store, never assumed */
  constructor(
    private readonly store: AttemptStoreWriter,
    private readonly isShared: boolean,
  ) {
    this.feed = store.openLinkFeed();
  }

  /** Reads in the links of banks that are met for the first time. */
  async meet(banks: readonly string[]): Promise<void> {
    await this.readOn(banks.filter((bank) => !this.banks.has(bank)));
  }

  /** Stores what the book does not know yet. Then the book holds it – and, when shared, all that others stored before. */
  async record(banks: readonly string[], entries: readonly LinkEntry[]): Promise<void> {
    const unknown = this.unknown(entries);
    await this.store.insertLinks(unknown);
    if (this.isShared) await this.readOn(banks);
    else for (const bank of banks) this.linksOf(bank).add(unknown.filter((entry) => entry.bank === bank));
  }

  unknown(entries: readonly LinkEntry[]): LinkEntry[] {
    return entries.filter((entry) => !this.linksOf(entry.bank).holds(entry));
  }

  /** Notes the links of a batch: those that this process never told are changes until `settle`. */
  note(entries: readonly LinkEntry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'alias' && entry.kind !== 'kb') continue;
      const id = idOf(entry);
      if (!this.settled.has(id)) this.unsettled.set(id, entry);
    }
  }

  /** What the links noted so far may have changed, as the book stands now. */
  changes(): LinkChanges[] {
    const changes = new Map<string, LinkChanges>();
    for (const { bank, kind, subject } of this.unsettled.values()) {
      const ofBank = changes.get(bank) ?? { bank, devices: new Set(), updateKeys: new Set() };
      changes.set(bank, ofBank);
      if (kind === 'alias') this.addNear(bank, subject, ofBank.devices);
      else if (this.linksOf(bank).isUnnamed(subject)) ofBank.updateKeys.add(subject);
    }
    return [...changes.values()];
  }

  /** Everything noted so far is told and written. */
  settle(): void {
    for (const [id, { bank, kind, subject }] of this.unsettled) {
      this.settled.add(id);
      if (kind !== 'alias') continue;
      for (const alias of this.linksOf(bank).aliasesOf(subject))
        if (this.linksOf(bank).carriersOf(alias).size > CARRIERS_MAX)
          this.settledClones.add(`${bank}/${alias}`);
    }
    this.unsettled.clear();
  }

  linksOf(bank: string): BankLinks {
    const links = this.banks.get(bank);
    if (!links) throw new Error(`links of bank ${bank} are asked for before the bank was met`);
    return links;
  }

  /**
   * Devices that a link of `device` may have joined or parted: all that stand with a carrier of one of its aliases (an
   * smbios alias decides about the others). A clone joins nothing; whom it joined before it was seen as one was told
   * under another key.
   */
  private addNear(bank: string, device: string, near: Set<string>): void {
    const links = this.linksOf(bank);
    for (const alias of links.aliasesOf(device)) {
      const carriers = links.carriersOf(alias);
      if (carriers.size < 2 || this.settledClones.has(`${bank}/${alias}`)) continue;
      const isClone = carriers.size > CARRIERS_MAX;
      for (const carrier of carriers)
        for (const member of links.sameDevice(carrier))
          if (!isClone || links.toldUnder(member).size > 0) near.add(member);
    }
  }

  private async readOn(banks: readonly string[]): Promise<void> {
    const found = new Map<string, LinkEntry[]>(banks.map((bank) => [bank, []]));
    for (const entry of await this.feed.read(banks)) found.get(entry.bank)?.push(entry);
    for (const [bank, entries] of found) {
      const links = this.banks.get(bank) ?? new BankLinks();
      this.banks.set(bank, links);
      links.add(entries);
    }
  }
}
