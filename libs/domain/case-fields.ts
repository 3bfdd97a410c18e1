import texts from './case-texts.json' with { type: 'json' };
import { symbolOf } from './codes/code-symbols.js';
import { explainSpelling } from './codes/explain-code.js';
import { checkEdition } from './kb/edition.js';
import { releaseLabelOf } from './kb/release-label.js';
import { wordsOfSignature } from './remedies/failure-words.js';
import { recommendRemedies } from './remedies/recommend-remedies.js';
import type { RemedyAdvice } from './remedies/recommend-remedies.js';
import type { LedgerEntry, LedgerRow, TrialCount } from './remedies/remedy-ledger.js';
import type { Signature } from './report.js';
import { failurePartsOf } from './signature/signature.js';
import type { CodeKind, Stage } from './words.js';

export type CaseLanguage = 'zh' | 'en';
type CaseTexts = (typeof texts)[CaseLanguage];
export type CaseField = keyof CaseTexts['labels'];

/** What a cohort tells (the attempt store's cohort detail has this shape). Devices are pseudonyms. */
export interface CohortFacts {
  readonly bank: string;
  readonly build: string;
  readonly kb: string;
  readonly signature: Pick<Signature, 'id' | 'l1' | 'l2' | 'l3' | 'reason'>;
  readonly failing: number;
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
  readonly devices: readonly { readonly deviceKey: string; readonly open: boolean }[];
  readonly branches: readonly { readonly name: string; readonly devices: number }[];
  readonly channels: readonly { readonly name: string; readonly devices: number }[];
  readonly attempts: number;
  readonly stage: string;
  readonly hresult: string;
  readonly reportedHresult: string;
  readonly innerErrors: readonly { readonly code: string; readonly kind: string }[];
  readonly excerpt: readonly string[];
  /** null = whoever asks may not see it. */
  readonly otherBanks: number | null;
  readonly sources: readonly string[];
}

/** What whoever opens the case knows beyond the cohort. Roles, never persons. */
export type KnownFacts = Readonly<
  Partial<Record<Exclude<CaseField, 'reached' | 'hresultOrStage'>, string>> & {
    reached?: 'yes' | 'no' | 'by_mail';
  }
>;

/** What was counted of remedies before. */
export interface RemedyRecord {
  /** For the cohort's signature, in the banks that the reader may see. */
  readonly ledger: readonly LedgerEntry[];
  /** Used on the cohort's own devices. */
  readonly used: readonly LedgerRow[];
}

const DEVICES_NAMED = 10;
/** The log that names the cause; without it a code is all there is. */
const DECISIVE_SOURCE = 'cbs_log';

/** Every field of the template that is known: from the cohort, or told. What is not known is not in the map. */
export function caseFields(
  cohort: CohortFacts,
  language: CaseLanguage,
  known: KnownFacts,
  record: RemedyRecord,
): ReadonlyMap<CaseField, string> {
  const words: CaseTexts = texts[language];
  const { reached, ...told } = known;
  const values: Partial<Record<CaseField, string | null>> = {
    ...fromCohort(cohort, words, language),
    remediesTried: usedRemedies(record.used, words),
    remediesProposed: remediesFor(cohort, words, language, record.ledger),
    editionBuildVerdict: editionVerdict(cohort.build, known.edition, words),
    ...told,
    reached: reached === undefined ? null : words.reached[reached],
  };
  return new Map(
    Object.entries(values).filter(
      (entry): entry is [CaseField, string] => entry[1] !== null && entry[1] !== '',
    ),
  );
}

function fromCohort(
  cohort: CohortFacts,
  words: CaseTexts,
  language: CaseLanguage,
): Partial<Record<CaseField, string | null>> {
  const { bank, build, kb, signature, firstSeen, lastSeen } = cohort;
  const device = (cohort.devices.find(({ open }) => open) ?? cohort.devices[0])?.deviceKey ?? null;
  const code = cohort.hresult || cohort.reportedHresult;
  const error = code === '' ? null : named(code, 'hresult');
  const stage = wordOf(words.stages, cohort.stage);
  const sources = cohort.sources
    .filter((source) => source !== 'unknown')
    .map((source) => wordOf(words.sources, source) ?? source);
  return {
    bankCode: bank,
    scopeOrg: counted(cohort.branches, words, (name) => name),
    osBuild: build === 'unknown' ? null : build,
    kb: kb === 'unknown' ? null : kb,
    releaseLabel: releaseLabelOf(kb, build),
    channel: counted(cohort.channels, words, (name) => wordOf(words.channels, name) ?? name),
    deviceCount: String(cohort.failing),
    deviceRefs: devicesOf(cohort, words),
    deviceRef: device,
    firstSeen: timeOf(firstSeen),
    lastSeen: timeOf(lastSeen),
    attempts: cohort.attempts > 0 ? String(cohort.attempts) : null,
    stage,
    hresult: reportedAs(error, cohort, words),
    hresultOrStage: error ?? stage,
    errorText: meaningIn(language, code),
    source: sources.length > 0 ? sources.join(words.separator) : null,
    innerErrors:
      cohort.innerErrors
        .map(({ code: inner, kind }) => named(inner, kind as CodeKind))
        .join(words.separator) || null,
    // Reasons are English sentences of the rules; the id alone is language-free.
    signature: language === 'en' ? `${signature.id} (${signature.reason})` : signature.id,
    otherBanksCount: cohort.otherBanks === null ? null : String(cohort.otherBanks),
    evidence: evidenceOf(cohort, sources, words),
    nextAction:
      device !== null && !cohort.sources.includes(DECISIVE_SOURCE)
        ? fill(words.words.collect, { device })
        : null,
    covers: firstSeen && lastSeen ? `${dayOf(firstSeen)}${words.words.to}${dayOf(lastSeen)} (UTC)` : null,
  };
}

/** The edition that was told against the build that was seen; null when either is not known. */
function editionVerdict(build: string, edition: string | undefined, words: CaseTexts): string | null {
  if (edition === undefined || build === 'unknown') return null;
  const { verdict, expectedBuilds } = checkEdition(edition, build);
  if (verdict === 'unknown') return null;
  const builds = expectedBuilds.join(words.words.or);
  return verdict === 'consistent' ? words.words.consistent : fill(words.words.conflict, { edition, builds });
}

const REMEDIES_NAMED = 2;

/** The first steps to propose, with their risk and what is known of their outcomes; null when no remedy is known. */
function remediesFor(
  cohort: CohortFacts,
  words: CaseTexts,
  language: CaseLanguage,
  ledger: readonly LedgerEntry[],
): string | null {
  const signed = wordsOfSignature(cohort.signature);
  const parts = failurePartsOf({
    ...cohort,
    stage: cohort.stage as Stage,
    innerErrors: cohort.innerErrors.map(({ code, kind }) => ({ code, kind: kind as CodeKind })),
    failureSource: '',
    failingObject: null,
  });
  const failure = { ...parts, inner: parts.inner || signed.inner, object: signed.object };
  const proposed = recommendRemedies(failure, ledger)
    .slice(0, REMEDIES_NAMED)
    .map((advice) => {
      const told = [words.risks[advice.risk], ...outcomesOf(advice, words)].join(words.words.and);
      return fill(words.words.remedy, { steps: advice.steps[language].join(' → '), told });
    });
  return proposed.join(words.words.or) || null;
}

/** What is known of its outcomes: in cases before, and counted here. */
function outcomesOf({ seen, counted }: RemedyAdvice, words: CaseTexts): string[] {
  return [
    ...(seen ? [fill(words.words.seen, { tried: String(seen.tried), fixed: String(seen.fixed) })] : []),
    ...(counted && counted.tried > 0 ? [fill(words.words.counted, { count: countOf(counted, words) })] : []),
  ];
}

function countOf({ tried, fixed, interval }: TrialCount, words: CaseTexts): string {
  const percent = (share: number | undefined) => String(Math.round((share ?? 0) * 100));
  const share = interval
    ? fill(words.words.interval, { low: percent(interval[0]), high: percent(interval[1]) })
    : words.words.tooFew;
  return fill(words.words.helped, { tried: String(tried), fixed: String(fixed), share });
}

/** What was used on the cohort's devices already; null when nothing was. */
function usedRemedies(used: readonly LedgerRow[], words: CaseTexts): string | null {
  const named = used.map((row) =>
    fill(words.words.used, {
      name: row.remedyId,
      devices: String(row.tried + row.open),
      fixed: String(row.fixed),
    }),
  );
  return named.join(words.separator) || null;
}

export const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);

const wordOf = (list: Readonly<Record<string, string>>, name: string): string | null => list[name] ?? null;

function named(code: string, kind: CodeKind): string {
  const symbol = symbolOf(code, kind);
  return symbol === null ? code : `${code} ${symbol}`;
}

/** What the dictionary says about the code, without the full stop: the template goes on after it. */
function meaningIn(language: CaseLanguage, code: string): string | null {
  const answer = explainSpelling(code, 'hresult');
  return answer?.ambiguous === false ? (answer.meaning?.[language].replace(/[.。]$/, '') ?? null) : null;
}

function reportedAs(error: string | null, cohort: CohortFacts, words: CaseTexts): string | null {
  const { hresult, reportedHresult } = cohort;
  if (error === null || reportedHresult === '' || hresult === '' || hresult === reportedHresult) return error;
  return fill(words.words.reportedAs, { code: error, reported: named(reportedHresult, 'hresult') });
}

/** `wsus (16 devices), dism (1 device)`; a single one without its count; null when none is known. */
function counted(
  groups: CohortFacts['branches'],
  words: CaseTexts,
  nameOf: (name: string) => string,
): string | null {
  const known = groups.filter(({ name }) => name !== '' && name !== 'unknown');
  if (known.length === 1 && groups.length === 1) return nameOf(known[0]?.name ?? '');
  return (
    known
      .map(({ name, devices }) => fill(words.words.devices, { name: nameOf(name), count: String(devices) }))
      .join(words.separator) || null
  );
}

function devicesOf({ devices, failing }: CohortFacts, words: CaseTexts): string | null {
  const failingNow = devices.filter(({ open }) => open).map(({ deviceKey }) => deviceKey);
  if (failingNow.length === 0) return null;
  const shown = failingNow.slice(0, DEVICES_NAMED);
  if (failing <= shown.length) return shown.join(words.separator);
  return `${shown.join(words.separator)}${words.separator}${fill(words.words.more, { count: String(failing) })}`;
}

function evidenceOf(cohort: CohortFacts, sources: readonly string[], words: CaseTexts): string | null {
  if (sources.length === 0) return null;
  const received = fill(words.words.received, { list: sources.join(words.separator) });
  if (cohort.sources.includes(DECISIVE_SOURCE)) return received;
  return `${received}${words.separator}${fill(words.words.lacking, { list: words.sources[DECISIVE_SOURCE] })}`;
}

const timeOf = (instant: string | null): string | null =>
  instant === null ? null : `${instant.slice(0, 16).replace('T', ' ')} UTC`;
const dayOf = (instant: string): string => instant.slice(0, 10);
