import { Option } from 'commander';
import type { Command } from 'commander';
import type { KnownCodeKind } from '#domain/codes/canonical-code.js';
import { explainSpelling } from '#domain/codes/explain-code.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { printJson } from '../output.js';
import { printAnswer } from './print-answer.js';

interface CodeOptions {
  readonly as?: KnownCodeKind;
  readonly lang: 'zh' | 'en';
  readonly json?: true;
}

/** `ERROR_…`, `CBS_E_…`: a name, be it known or not. */
const SYMBOL = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/i;

/** What an error code means: answered from the dictionary in the program, no server, no network. */
export function registerCode(program: Command): void {
  program
    .command('code')
    .description('what an error code means, whose it is, and where its maker explains it; offline')
    .argument('<code>', 'any spelling: 0x800f0821, 800F0821, -2146498527, "HRESULT_FROM_WIN32(1753)", a name')
    .addOption(
      new Option('--as <kind>', 'what a short number is').choices(['hresult', 'win32', 'ntstatus'] as const),
    )
    .addOption(new Option('--lang <lang>', 'language').choices(['zh', 'en'] as const).default('en'))
    .option('--json', 'one JSON object, both languages')
    .addHelpText(
      'after',
      `
A short number can mean several errors: each reading is listed, or --as says which is meant.
Exit codes: 0 known, 3 not known (what its facility tells is still shown), 64 not a code.

Examples:
  $ rollcall code 0x80071ab1
  $ rollcall code 0x8024001E --lang zh
  $ rollcall code 1058 --as win32 --json`,
    )
    .action((spelling: string, { as, lang, json }: CodeOptions) => {
      const answer = explainSpelling(spelling, as);
      if (answer === null) throw noReading(spelling);
      if (json) printJson(answer);
      else printAnswer(answer, lang);
      const readings = answer.ambiguous ? answer.readings : [answer];
      if (readings.every(({ status }) => status === 'unknown'))
        throw new CommandFailure(EXIT.notKnown, `${spelling}: unknown`);
    });
}

const noReading = (spelling: string): CommandFailure =>
  SYMBOL.test(spelling.trim())
    ? new CommandFailure(EXIT.notKnown, `no code of the name ${spelling} is known`)
    : new CommandFailure(EXIT.usage, `"${spelling}" is no error code (see "rollcall code --help")`);
