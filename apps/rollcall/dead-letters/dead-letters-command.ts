import { isUtf8 } from 'node:buffer';
import type { Command } from 'commander';
import { z } from 'zod';
import type { LogRecord } from '#event-log/event-log.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withLog, withLogOption } from '../log.module.js';
import type { LogOptions } from '../log.module.js';
import { wholeNumber } from '../number-options.js';
import { formatTime, note, printJson, printText, renderFacts, renderTable, shorten } from '../output.js';
import { matching } from '../text-options.js';
import { dropDeadLetters, recordOf, retryDeadLetters } from './handle-dead-letters.js';
import { readDeadLetters } from './read-dead-letters.js';
import type { KnownDeadLetter } from './read-dead-letters.js';

interface JsonOption {
  readonly json?: boolean;
}

interface ListOptions extends LogOptions, JsonOption {
  readonly reason?: string;
  readonly handled?: boolean;
  readonly limit: number;
}

interface ChoiceOptions extends LogOptions, JsonOption {
  readonly all?: true;
  readonly reason?: string;
}

export function registerDeadLetters(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('messages that could not be read: look at them, retry them, drop them');
  registerList(letters);
  registerShow(letters);
  registerRetry(letters);
  registerDrop(letters);
}

function registerList(letters: Command): void {
  withLogOption(letters.command('list'))
    .description('list the letters that nobody has looked after, oldest first')
    .option('--reason <reason>', 'only those with this reason, such as not_json')
    .option('--handled', 'those too that were retried or dropped')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1_000_000), 50)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ rollcall dead-letters list\n  $ rollcall dead-letters list --json',
    )
    .action(async (options: ListOptions) => {
      const known = await withLog(options, readDeadLetters);
      const wanted = known.filter(
        ({ reason, handled }) =>
          (options.handled === true || handled === null) &&
          (options.reason === undefined || reason === options.reason),
      );
      const shown = wanted.slice(0, options.limit);
      if (options.json) shown.forEach(printJson);
      else printText(tableOf(shown));
      if (shown.length < wanted.length) note(`${wanted.length - shown.length} more: --limit`);
    });
}

function tableOf(letters: readonly KnownDeadLetter[]): string {
  return renderTable(
    ['letter', 'reason', 'detail', 'from', 'bytes', 'copies', 'first seen', 'handled'],
    letters.map((letter) => [
      letter.id,
      letter.reason,
      letter.detail === null ? null : shorten(letter.detail),
      originText(letter),
      letter.bytes,
      letter.copies,
      formatTime(letter.at),
      letter.handled?.action,
    ]),
  );
}

const originText = ({ origin }: KnownDeadLetter): string =>
  origin === null ? 'a request' : `${origin.topic}/${origin.partition}@${origin.offset}`;

function registerShow(letters: Command): void {
  withLogOption(letters.command('show'))
    .description('one letter with its headers and its whole message')
    .argument('<id>', 'letter, as list shows it')
    .option('--json', 'one JSON object; bytes that are no UTF-8 as valueBase64')
    .addHelpText('after', '\nExit code 3 when there is no such letter (they are kept for 30 days).')
    .action(async (id: string, options: LogOptions & JsonOption) => {
      const { letter, record } = await withLog(options, async (log) => {
        const [found] = choose(await readDeadLetters(log), [id]);
        const at = found && (await recordOf(log, found));
        if (!found || !at) throw notKnown([id]);
        return { letter: found, record: at };
      });
      if (options.json) printJson({ ...letter, key: record.key, ...valueOf(record) });
      else printText(describe(letter, record));
    });
}

const valueOf = ({ value }: LogRecord) =>
  isUtf8(value) ? { value: value.toString('utf8') } : { valueBase64: value.toString('base64') };

function describe(letter: KnownDeadLetter, record: LogRecord): string {
  const { handled, position } = letter;
  const facts = renderFacts([
    ['letter', letter.id],
    ['reason', letter.reason],
    ['detail', letter.detail],
    ['from', originText(letter)],
    ['lies at', `${position.topic}/${position.partition}@${position.offset}`],
    ['key', record.key],
    ['SHA-256', letter.sha256],
    ['first seen', formatTime(letter.at)],
    ['copies', letter.copies],
    ['handled', handled && `${handled.action} ${formatTime(handled.at)} ${handled.reason ?? ''}`.trim()],
  ]);
  const read = valueOf(record);
  return `${facts}\n\n${read.value ?? `(base64) ${read.valueBase64}`}`;
}

function registerRetry(letters: Command): void {
  withLogOption(letters.command('retry'))
    .description('append letters to their topic once more, when today’s reader can read them')
    .argument('[id...]', 'letters, as list shows them')
    .option('--all', 'every letter that nobody has looked after')
    .option('--reason <reason>', 'with --all: only those with this reason')
    .option('--json', 'one JSON object a line: id, result, detail')
    .addHelpText(
      'after',
      `
What today's reader still cannot read stays where it is: bring the version that can, then retry. A letter that was
retried is marked, not deleted. Retrying twice counts nothing twice. Refused requests are not in the log: their rows lie
in the rejects of the bank, and their sender is to send them anew.

Exit code 2 when a letter could not be retried, 3 when there is no such letter.

Examples:
  $ rollcall dead-letters retry mrziffclu3mu5ljj
  $ rollcall dead-letters retry --all --reason unknown_version`,
    )
    .action(async (ids: readonly string[], options: ChoiceOptions) => {
      const results = await withLog(options, async (log) =>
        retryDeadLetters(log, chosen(await readDeadLetters(log), ids, options)),
      );
      if (options.json) results.forEach(printJson);
      const done = results.filter(({ result }) => result === 'retried').length;
      if (!options.json) {
        for (const { id, result, detail } of results) {
          if (result !== 'retried') printText(`${id} ${result}: ${detail ?? ''}`);
        }
        printText(`${done} ${done === 1 ? 'letter' : 'letters'} retried`);
      }
      if (done < results.length) {
        throw new CommandFailure(EXIT.negative, `${results.length - done} could not be retried`);
      }
    });
}

function registerDrop(letters: Command): void {
  withLogOption(letters.command('drop'))
    .description('mark letters as of no use; retention deletes them')
    .argument('[id...]', 'letters, as list shows them')
    .requiredOption(
      '--because <text>',
      'why, for whoever asks later',
      matching(z.string().trim().min(1, 'it is empty')),
    )
    .option('--all', 'every letter that nobody has looked after')
    .option('--reason <reason>', 'with --all: only those with this reason')
    .option('--json', 'JSON: dropped')
    .addHelpText(
      'after',
      `
Exit code 2 when a letter was retried before (nothing is dropped then), 3 when there is no such letter.

Example:
  $ rollcall dead-letters drop --all --reason not_json --because "test messages of the pilot"`,
    )
    .action(async (ids: readonly string[], options: ChoiceOptions & { readonly because: string }) => {
      const dropped = await withLog(options, async (log) => {
        const letters = chosen(await readDeadLetters(log), ids, options);
        const counted = letters.filter(({ handled }) => handled?.action === 'retried').map(({ id }) => id);
        if (counted.length > 0)
          throw new CommandFailure(
            EXIT.negative,
            `${counted.join(', ')}: retried before, so what it says is counted; nothing was dropped`,
          );
        await dropDeadLetters(log, letters, options.because);
        return letters.length;
      });
      if (options.json) printJson({ dropped });
      else printText(`${dropped} ${dropped === 1 ? 'letter' : 'letters'} dropped`);
    });
}

function chosen(
  known: readonly KnownDeadLetter[],
  ids: readonly string[],
  { all, reason }: ChoiceOptions,
): readonly KnownDeadLetter[] {
  if (ids.length > 0 === (all ?? false)) {
    throw new CommandFailure(EXIT.usage, 'give either letters or --all');
  }
  if (ids.length > 0) return choose(known, ids);
  return known.filter(
    (letter) => letter.handled === null && (reason === undefined || letter.reason === reason),
  );
}

function choose(known: readonly KnownDeadLetter[], ids: readonly string[]): readonly KnownDeadLetter[] {
  const byId = new Map(known.map((letter) => [letter.id, letter]));
  const unknown = ids.filter((id) => !byId.has(id));
  if (unknown.length > 0) throw notKnown(unknown);
  return [...new Set(ids)].flatMap((id) => byId.get(id) ?? []);
}

const notKnown = (ids: readonly string[]): CommandFailure =>
  new CommandFailure(EXIT.notKnown, `no letter ${ids.join(', ')}: rollcall dead-letters list --handled`);
