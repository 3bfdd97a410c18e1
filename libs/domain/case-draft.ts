import { caseFields, fill } from './case-fields.js';
import type { CaseField, CaseLanguage, CohortFacts, KnownFacts, RemedyRecord } from './case-fields.js';
import texts from './case-texts.json' with { type: 'json' };
import { withholdPersonal } from './personal-text.js';

export interface CaseDraft {
  readonly title: string;
  readonly body: string;
  /** Names of the fields that nobody has told yet, or not to this reader; each stands in the text as missing or not visible. */
  readonly missing: readonly string[];
}

const NO_RECORD: RemedyRecord = { ledger: [], used: [] };
const EXCERPT_LINES = 12;
const EXCERPT_CHARACTERS = 240;

/**
 * The title and first response of a support case, filled in from a cohort. What is not known is named as missing and
 * never guessed; devices appear as pseudonyms; whatever looks like a person, host or secret is withheld.
 */
export function draftCase(
  cohort: CohortFacts,
  language: CaseLanguage,
  known: KnownFacts = {},
  record: RemedyRecord = NO_RECORD,
): CaseDraft {
  const words = texts[language];
  const values = caseFields(cohort, language, known, record);
  const missing = (Object.keys(words.labels) as CaseField[]).filter((field) => !values.has(field));
  const shown: Record<string, string> = { excerpt: excerptOf(cohort, words.excerpt) };
  for (const [field, value] of values) shown[field] = value;
  const hidden = (field: CaseField) => field === 'otherBanksCount' && cohort.otherBanks === null;
  for (const field of missing)
    shown[field] = fill(hidden(field) ? words.hidden : words.missing, { label: words.labels[field] });

  const guard = (text: string): string => withholdPersonal(text, words.withheld);
  const body = words.body
    .map((line) => fill(line, shown))
    .filter((line, at) => line !== '' || words.body[at] === '')
    .join('\n');
  return { title: guard(oneLine(fill(words.title, shown))), body: guard(body), missing };
}

function excerptOf({ excerpt }: CohortFacts, heading: string): string {
  if (excerpt.length === 0) return '';
  const lines = excerpt
    .slice(0, EXCERPT_LINES)
    .map((line) => `    ${oneLine(line).slice(0, EXCERPT_CHARACTERS)}`);
  return [heading, ...lines].join('\n');
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
