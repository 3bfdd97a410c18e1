import { fill } from '../case-fields.js';
import { cohortIdOf } from '../final-failures.js';
import { wordsOfSignature } from '../remedies/failure-words.js';
import { ledgerFor } from '../remedies/remedy-ledger.js';
import type { RemedyTrial } from '../remedies/remedy-trials.js';
import { recommendRemedies } from '../remedies/recommend-remedies.js';
import type { RemedyAdvice } from '../remedies/recommend-remedies.js';
import type { AlertFacts, NotificationKind } from './alert.js';
import texts from './alert-texts.json' with { type: 'json' };
import type { HealthFacts } from './health-alerts.js';

export type AlertLanguage = 'zh' | 'en';

/** What on-call reads: the numbers, what else is known, and what to do next. */
export interface AlertText {
  readonly text: string;
  readonly details: string[];
  readonly nextStep: string;
}

/** Name of a code (`ERROR_LOG_GROWTH_FAILED`); null when the catalogue does not know it. */
export type SymbolOf = (code: string) => string | null;

/** What the words of an alert need besides the alert itself. */
export interface AlertContext {
  readonly symbolOf: SymbolOf;
  /** Other banks with an alert of the same code opened in the seven days before this was decided. */
  readonly otherBanks: number;
  /** Where people reach the console; null = only commands are named. */
  readonly consoleUrl: string | null;
  /** Every use of a remedy that counts for its record, with what came of it. */
  readonly trials?: readonly RemedyTrial[];
}

type Words = (typeof texts)[AlertLanguage];

/**
 * The alert in words. `kind` says which moment of its life is told. No device, person or host is named; branches are
 * counted, because their names may tell a place.
 */
export function alertText(
  alert: AlertFacts,
  kind: NotificationKind,
  language: AlertLanguage,
  context: AlertContext,
): AlertText {
  const words = texts[language];
  const values = valuesOf(alert, words, context);
  const cohorts = cohortsOf(alert);
  if (kind === 'resolved') {
    const text = fill(words[alert.resolvedBecause ?? 'recovered'], values);
    return { text, details: [], nextStep: fill(words.check, { cohorts }) };
  }
  const nextStep = fill(words.look, { ...values, cohorts });
  return { text: fill(words[kind], values), details: detailsOf(alert, words, language, context), nextStep };
}

/** The cohort that stands for an alert: where most of its devices are. */
export function alertCohortId(alert: AlertFacts): string {
  const { bank, build, kb } = topOf(alert);
  return cohortIdOf(bank, build, kb, alert.signature.id);
}

/** Address of that cohort on the console; null when no address of the console is known. */
export function cohortLinkOf(alert: AlertFacts, consoleUrl: string | null): string | null {
  if (consoleUrl === null) return null;
  const { bank } = topOf(alert);
  return `${consoleUrl.replace(/\/$/, '')}/api/v1/cohorts/${alertCohortId(alert)}?bank=${bank}`;
}

const topOf = ({ top, bank, build, kb }: AlertFacts) => top ?? { bank, build, kb };

/** What is advised first for the alert's signature, with its record; null when nothing is known. */
export function bestRemedyOf(
  { signature }: AlertFacts,
  trials: readonly RemedyTrial[] = [],
): RemedyAdvice | null {
  return recommendRemedies(wordsOfSignature(signature), ledgerFor(signature, trials))[0] ?? null;
}

/** What the dead-man's switch noticed, in words. Its times are of the wall clock, in UTC. */
export function healthText(
  alert: HealthFacts,
  kind: 'raised' | 'resolved',
  language: AlertLanguage,
): AlertText {
  const words = texts[language];
  const values = { subject: alert.subject, since: timeOf(new Date(alert.sinceMs).toISOString()) };
  return kind === 'raised'
    ? {
        text: fill(words.health[alert.condition], values),
        details: [],
        nextStep: fill(words.healthStep[alert.condition], values),
      }
    : { text: fill(words.healthOver[alert.condition], values), details: [], nextStep: words.healthNothing };
}

/** A message that only tries a channel. */
export function testText(channel: string, language: AlertLanguage): AlertText {
  const words = texts[language];
  return { text: fill(words.test, { channel }), details: [], nextStep: words.testStep };
}

/** `5×10^9` for "by chance 1 in …", rounded down: the model's own error is larger than a second digit. */
export function oneIn(lnP: number): string {
  // A hair is added so that an exact power of ten is not read as 9.99….
  const log10 = -lnP / Math.LN10 + 1e-12;
  if (log10 < 4) return String(Math.floor(10 ** log10));
  const exponent = Math.floor(log10);
  return `${Math.floor(10 ** (log10 - exponent))}×10^${exponent}`;
}

const HOUR_MS = 3_600_000;

function valuesOf(alert: AlertFacts, words: Words, { symbolOf }: AlertContext) {
  const { bank, build, kb, basis, signature, reach } = alert;
  const symbol = symbolOf(signature.l1);
  const code = symbol === null ? signature.l1 : `${signature.l1} (${symbol})`;
  const at =
    bank === '*' ? fill(words.atBanks, { banks: String(reach.banks) }) : fill(words.atBank, { bank });
  const top = topOf(alert);
  return {
    failed: String(alert.failed),
    installs: String(alert.installs),
    error: basis === 'any' ? words.anyError : code,
    ofKb: kb === '*' ? '' : fill(words.ofKb, { kb }),
    where: build === '*' ? at : `${at}${fill(words.onBuild, { build })}`,
    hours: String(Math.round(alert.windowMs / HOUR_MS)),
    expected: alert.expected < 0.05 ? '< 0.1' : alert.expected.toFixed(1),
    oneIn: oneIn(alert.lnP),
    alertId: alert.alertId,
    cohortId: alertCohortId(alert),
    build: top.build,
    kb: top.kb,
  };
}

function detailsOf(
  alert: AlertFacts,
  words: Words,
  language: AlertLanguage,
  { otherBanks, consoleUrl, trials }: AlertContext,
): string[] {
  const { firstArrival, thirdArrival, tier, basis, related } = alert;
  const cause = finerWords(alert.signature, words);
  const third = thirdArrival === null ? words.notYet : timeOf(thirdArrival);
  const remedy = bestRemedyOf(alert, trials);
  const link = cohortLinkOf(alert, consoleUrl);
  const others = related.map(({ signature, failed }) => {
    const name = [signature.l1, finerWords(signature, words)].filter((part) => part !== '').join(' ');
    return fill(words.relatedOne, { name, failed: String(failed) });
  });
  return [
    ...(cause === '' ? [] : [fill(words.cause, { cause })]),
    fill(words.arrivals, { first: timeOf(firstArrival), third }),
    reachText(alert, words),
    ...(others.length === 0 ? [] : [fill(words.related, { list: others.join(words.separator) })]),
    otherBanks === 0 ? words.noOtherBanks : fill(words.otherBanks, { count: String(otherBanks) }),
    `${words.tiers[tier]}${words.bases[basis]}`,
    remedy === null ? words.noRemedy : remedyText(remedy, words, language),
    ...(link === null ? [] : [fill(words.link, { link })]),
  ];
}

const finerWords = ({ l2, l3 }: AlertFacts['signature'], words: Words): string =>
  [l2, l3].filter((part) => part !== '').join(words.separator);

function reachText(alert: AlertFacts, words: Words): string {
  const { banks, builds, kbs } = alert.reach;
  const top = topOf(alert);
  return fill(words.reach, {
    banks: String(banks),
    builds: String(builds),
    kbs: String(kbs),
    branches: String(alert.branches.length),
    topBank: top.bank,
    topBuild: top.build,
    topKb: top.kb,
  });
}

function remedyText(remedy: RemedyAdvice, words: Words, language: AlertLanguage): string {
  const steps = remedy.steps[language].join(words.separator);
  return fill(words.remedy, {
    id: remedy.id,
    risk: texts.risk[remedy.risk][language],
    steps,
    record: recordOf(remedy, words),
  });
}

function recordOf({ counted, seen }: RemedyAdvice, words: Words): string {
  const told = [counted && fill(words.counted, trials(counted)), seen && fill(words.seen, trials(seen))];
  return told.filter((one) => one !== null).join(words.separator) || words.noRecord;
}

const trials = ({ tried, fixed }: { readonly tried: number; readonly fixed: number }) => ({
  tried: String(tried),
  fixed: String(fixed),
});

function cohortsOf({ bank, build, kb, basis, signature }: AlertFacts): string {
  const narrowed = [
    ...(bank === '*' ? [] : [`--bank ${bank}`]),
    ...(build === '*' ? [] : [`--build ${build}`]),
    ...(kb === '*' ? [] : [`--kb ${kb}`]),
    ...(basis === 'any' ? [] : [`--signature ${signature.l1}`]),
  ];
  return ['rollcall cohorts', ...narrowed].join(' ');
}

/** `2026-03-10 08:00 UTC`. */
const timeOf = (instant: string): string => `${instant.slice(0, 16).replace('T', ' ')} UTC`;
