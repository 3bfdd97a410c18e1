import { Option } from 'commander';
import type { RemedyAdvice } from '#domain/remedies/recommend-remedies.js';
import type { TrialCount } from '#domain/remedies/remedy-ledger.js';

export type Language = 'zh' | 'en';

export const languageOption = (): Option =>
  new Option('--lang <lang>', 'language of the steps').choices(['zh', 'en']).default('zh');

/** One advised remedy for people: what speaks for it, what it costs, what to do. */
export function describeRemedy(
  { id, level, risk, needsReboot, losesHistory, source, seen, counted, steps }: RemedyAdvice,
  lang: Language,
): string {
  const facts = [
    `answers level ${level}`,
    `risk ${risk}`,
    needsReboot ? 'needs a restart' : 'no restart',
    ...(losesHistory ? ['the device forgets its update history'] : []),
    ...(seen ? [`in cases: fixed ${seen.fixed} of ${seen.tried}`] : []),
    ...(counted ? [`counted here at level ${counted.level}: ${describeCount(counted)}`] : []),
    ...(seen || counted ? [] : ['no outcome known']),
  ];
  const lines = steps[lang].map((step, index) => `  ${index + 1}. ${step}`);
  return [`${id} (${facts.join('; ')})`, ...lines, `  source: ${source ?? 'counted here only'}`].join('\n');
}

/** `fixed 9 of 10 (60 % to 98 %)`, or that there are too few to tell a share. */
export function describeCount({ fixed, tried, open, interval }: TrialCount): string {
  const share = interval ? `${percent(interval[0])} to ${percent(interval[1])}` : 'too few';
  return `fixed ${fixed} of ${tried} (${share})${open === 0 ? '' : `, ${open} open`}`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
