import type { AliasLink, AttemptStoreWriter, FactBatch, KbLink } from '#attempt-store/attempt-store.js';
import { canonicalDevices } from '#domain/links.js';

/** An alias that more devices than this carry is a clone and links nothing (contract of identities). */
const CARRIERS_MAX = 3;

/** What a bank's links say, kept in memory: which keys are one device, which KB an unnamed update is. */
interface BankLinks {
  readonly aliasLinks: Map<string, AliasLink>;
  readonly carriersOfAlias: Map<string, Set<string>>;
  readonly aliasesOfDevice: Map<string, Set<string>>;
  /** `update:<id>.<revision>` → smallest KB that any report gives for it. */
  readonly kbOfUpdate: Map<string, string>;
  readonly kbLinkIds: Set<string>;
  /** `update:…` keys under which reports without a KB stand. */
  readonly unnamedUpdates: Set<string>;
  canonical: ReadonlyMap<string, string>;
  members: ReadonlyMap<string, readonly string[]>;
}

/** What links changed and nobody has told anew yet. */
export interface LinkChanges {
  readonly bank: string;
  /** Devices that share an alias with another, so that their component may have changed. */
  readonly devices: ReadonlySet<string>;
  /** `update:…` keys that got a KB, or another. */
  readonly updateKeys: ReadonlySet<string>;
}

interface PendingChanges extends LinkChanges {
  readonly devices: Set<string>;
  readonly updateKeys: Set<string>;
}

const aliasOf = (link: AliasLink): string => `${link.aliasKind}/${link.aliasKey}`;
const aliasLinkId = (link: AliasLink): string => `${aliasOf(link)}/${link.deviceKey}`;
const updateKeyOf = (link: KbLink): string => `update:${link.updateId}.${link.updateRevision}`;

/**
 * The links of every bank met so far: loaded from the store once, then kept up with the batches of this process.
 * A link counts as changed the first time *this process* meets it, even when the store knows it already, and until
 * `settle`: the process that stored it may have died before it told the keys anew.
 */
export class LinkBook {
  private readonly banks = new Map<string, BankLinks>();
  private readonly pending = new Map<string, PendingChanges>();
  private readonly handled = new Set<string>();
  private readonly settledClones = new Set<string>();

  constructor(private readonly store: AttemptStoreWriter) {}

  /** Takes a batch's links in; call it when the batch's facts are stored, before keys are resolved. */
  async learn(facts: FactBatch): Promise<LinkChanges[]> {
    const banks = new Set([
      ...facts.reports.map(({ report }) => report.bank),
      ...facts.inventories.map(({ bank }) => bank),
    ]);
    for (const bank of banks) if (!this.banks.has(bank)) this.banks.set(bank, await this.load(bank));
    for (const { report } of facts.reports) {
      if (report.kbKey.startsWith('update:')) this.linksOf(report.bank).unnamedUpdates.add(report.kbKey);
    }
    this.learnAliases(facts.aliasLinks);
    this.learnKbs(facts.kbLinks);
    return [...this.pending.values()];
  }

  /** Everything learnt so far is told and written. */
  settle(): void {
    this.pending.clear();
  }

  /** The smallest key of all that are the same device. */
  canonicalOf(bank: string, deviceKey: string): string {
    return this.linksOf(bank).canonical.get(deviceKey) ?? deviceKey;
  }

  /** Every key of the device behind a canonical key; none for a key that is not canonical. */
  membersOf(bank: string, canonicalKey: string): readonly string[] {
    const links = this.linksOf(bank);
    if (this.canonicalOf(bank, canonicalKey) !== canonicalKey) return [];
    return links.members.get(canonicalKey) ?? [canonicalKey];
  }

  /** The KB a kbKey stands for; itself when no report of the bank says. */
  resolvedKb(bank: string, kbKey: string): string {
    return this.linksOf(bank).kbOfUpdate.get(kbKey) ?? kbKey;
  }

  /** Every kbKey whose reports belong to a resolved KB. */
  kbKeysOf(bank: string, kb: string): string[] {
    const links = this.linksOf(bank);
    return [kb, ...[...links.unnamedUpdates].filter((key) => links.kbOfUpdate.get(key) === kb)];
  }

  /** Grows with every link met: the higher part of a row's version, so that a row told with more links wins. */
  linkCount(bank: string): number {
    const links = this.linksOf(bank);
    return links.aliasLinks.size + links.kbLinkIds.size;
  }

  private learnAliases(fresh: readonly AliasLink[]): void {
    const unhandled = fresh.filter((link) => !this.handled.has(`${link.bank}/${aliasLinkId(link)}`));
    for (const bank of new Set(unhandled.map((link) => link.bank))) {
      const links = this.linksOf(bank);
      const ofBank = unhandled.filter((link) => link.bank === bank);
      for (const link of ofBank) {
        addAliasLink(links, link);
        this.handled.add(`${bank}/${aliasLinkId(link)}`);
      }
      const before = links.members;
      const beforeCanonical = links.canonical;
      const near = this.neighbours(bank, links, new Set(ofBank.map((link) => link.deviceKey)));
      if (near.size === 0) continue;
      index(links);
      const { devices } = this.pendingOf(bank);
      for (const device of near) {
        devices.add(device);
        for (const member of before.get(beforeCanonical.get(device) ?? device) ?? []) devices.add(member);
        for (const member of links.members.get(links.canonical.get(device) ?? device) ?? [])
          devices.add(member);
      }
    }
  }

  /** Devices that share an alias with one of `devices` (and these themselves); none when nothing is shared. */
  private neighbours(bank: string, links: BankLinks, devices: ReadonlySet<string>): Set<string> {
    const near = new Set<string>();
    for (const device of devices) {
      for (const alias of links.aliasesOfDevice.get(device) ?? []) {
        const carriers = links.carriersOfAlias.get(alias) ?? new Set();
        const clone = `${bank}/${alias}`;
        if (carriers.size < 2 || this.settledClones.has(clone)) continue;
        for (const carrier of carriers) near.add(carrier);
        if (carriers.size > CARRIERS_MAX) this.settledClones.add(clone);
      }
    }
    return near;
  }

  private learnKbs(fresh: readonly KbLink[]): void {
    for (const link of fresh) {
      const id = `${link.bank}/${updateKeyOf(link)}/${link.kb}`;
      if (this.handled.has(id)) continue;
      this.handled.add(id);
      const links = this.linksOf(link.bank);
      addKbLink(links, link);
      if (links.unnamedUpdates.has(updateKeyOf(link)))
        this.pendingOf(link.bank).updateKeys.add(updateKeyOf(link));
    }
  }

  private pendingOf(bank: string): PendingChanges {
    const known = this.pending.get(bank) ?? {
      bank,
      devices: new Set<string>(),
      updateKeys: new Set<string>(),
    };
    this.pending.set(bank, known);
    return known;
  }

  private async load(bank: string): Promise<BankLinks> {
    const [aliases, kbs, unnamed] = await Promise.all([
      this.store.readAliasLinks(bank),
      this.store.readKbLinks(bank),
      this.store.readUnnamedUpdates(bank),
    ]);
    const links: BankLinks = {
      aliasLinks: new Map(),
      carriersOfAlias: new Map(),
      aliasesOfDevice: new Map(),
      kbOfUpdate: new Map(),
      kbLinkIds: new Set(),
      unnamedUpdates: new Set(unnamed),
      canonical: new Map(),
      members: new Map(),
    };
    for (const link of aliases) addAliasLink(links, link);
    for (const link of kbs) addKbLink(links, link);
    index(links);
    return links;
  }

  private linksOf(bank: string): BankLinks {
    const links = this.banks.get(bank);
    if (!links) throw new Error(`links of bank ${bank} are asked for before its batch was learnt`);
    return links;
  }
}

function addAliasLink(links: BankLinks, link: AliasLink): void {
  links.aliasLinks.set(aliasLinkId(link), link);
  addTo(links.carriersOfAlias, aliasOf(link), link.deviceKey);
  addTo(links.aliasesOfDevice, link.deviceKey, aliasOf(link));
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
}

function addKbLink(links: BankLinks, link: KbLink): void {
  const updateKey = updateKeyOf(link);
  links.kbLinkIds.add(`${updateKey}/${link.kb}`);
  const known = links.kbOfUpdate.get(updateKey);
  if (known === undefined || link.kb < known) links.kbOfUpdate.set(updateKey, link.kb);
}

/** Components over the whole set of the bank's links: order-free by construction. */
function index(links: BankLinks): void {
  const canonical = canonicalDevices([...links.aliasLinks.values()]);
  const members = new Map<string, string[]>();
  for (const [device, key] of canonical) {
    const devices = members.get(key) ?? [];
    devices.push(device);
    members.set(key, devices);
  }
  links.canonical = canonical;
  links.members = members;
}
