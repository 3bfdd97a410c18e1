import type { CodeAnswer, CodeEntry } from '#domain/codes/explain-code.js';
import { printText } from '../output.js';
import words from './code-words.json' with { type: 'json' };

type Language = keyof typeof words;

/** An answer about a code for people. */
export function printAnswer(answer: CodeAnswer, language: Language): void {
  if (!answer.ambiguous) {
    printText(entryText(answer, language));
    return;
  }
  const { input, readings } = answer;
  const head = fill(words[language].ambiguous, { input, count: String(readings.length) });
  printText([head, ...readings.map((entry) => entryText(entry, language))].join('\n\n'));
}

function entryText(entry: CodeEntry, language: Language): string {
  const text = words[language];
  const { code, kind, facility, carries, unwrappedFrom } = entry;
  const owners: Readonly<Record<string, string>> = text.owners;
  const facts: [string, string | null][] = [
    [text.kind, kind === 'win32' ? `win32 ${Number(code)}` : kind],
    [text.unwrapped, unwrappedFrom === null ? null : fill(text.unwrappedFrom, { outer: unwrappedFrom })],
    [text.carries, carries === null ? null : carriedText(carries)],
    [text.severity, text.severities[entry.severity]],
    [text.facility, `${facility.number} ${facility.name}: ${facility[language]}`],
    [text.owner, owners[entry.likelyOwner] ?? entry.likelyOwner],
    [text.basis, entry.basis === 'symbol_name' ? text.symbolName : null],
    [text.documentation, entry.documentation],
    [text.symbolSource, entry.symbol === 'unknown' ? null : entry.symbolSource],
  ];
  const meaning = entry.meaning?.[language] ?? (entry.status === 'named' ? text.named : text.unknown);
  return [
    `${code}  ${entry.symbol}`,
    meaning,
    ...facts.filter(([, value]) => value !== null).map(([name, value]) => `  ${name}: ${value ?? ''}`),
  ].join('\n');
}

const carriedText = ({ code, kind, symbol }: NonNullable<CodeEntry['carries']>): string =>
  `${kind} ${kind === 'win32' ? Number(code) : code} ${symbol}`;

const fill = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
