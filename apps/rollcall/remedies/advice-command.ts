import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { canonicalCode } from '#domain/codes/canonical-code.js';
import type { CanonicalCode } from '#domain/codes/canonical-code.js';
import { recommendRemedies } from '#domain/remedies/recommend-remedies.js';
import type { FailingObject } from '#domain/report.js';
import { failurePartsOf } from '#domain/signature/signature.js';
import { OBJECT_TYPES, STAGES } from '#domain/words.js';
import type { Stage } from '#domain/words.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { printJson, printText } from '../output.js';
import { describeRemedy, languageOption } from './describe-remedy.js';
import type { Language } from './describe-remedy.js';

interface RemediesOptions {
  readonly inner?: CanonicalCode;
  readonly object?: FailingObject;
  readonly stage?: Stage;
  readonly lang: Language;
  readonly json?: true;
}

export function registerAdvice(remedies: Command): void {
  remedies
    .description('what is advised for a failure, by whom, at which risk; Rollcall never executes it')
    .argument('<code>', 'the error code: 0x80071ab1, in any spelling', code)
    .option('--inner <code>', 'the error behind it: 1058, 0xc0000102, 0x80070002', innerCode)
    .option(
      '--object <type:name>',
      'what failed: installer:WMI, inf:cpu.inf, folder:C:\\Program Files\\…',
      object,
    )
    .addOption(new Option('--stage <stage>', 'where it failed').choices(STAGES))
    .addOption(languageOption())
    .option('--json', 'one JSON line a remedy')
    .addHelpText(
      'after',
      `
Exit code 3 when nothing is known for the failure.

Examples:
  $ rollcall remedies 0x80071ab1
  $ rollcall remedies 0x800f0922 --inner 1058 --object installer:WMI --lang en
  $ rollcall remedies for 0x80071ab1                  the same with what was counted here
  $ rollcall remedies applied reset_transaction_log --device-name BR17-PC04 --kb KB5034763`,
    )
    .action((asked: CanonicalCode, options: RemediesOptions) => {
      const failure = failurePartsOf({
        hresult: asked.code,
        reportedHresult: '',
        stage: options.stage ?? 'unknown',
        failureSource: '',
        innerErrors: options.inner ? [options.inner] : [],
        failingObject: options.object ?? null,
      });
      const advised = recommendRemedies(failure);
      if (advised.length === 0)
        throw new CommandFailure(EXIT.notKnown, `no remedy is known for ${asked.code}`);
      if (options.json) for (const advice of advised) printJson(advice);
      else printText(advised.map((advice) => describeRemedy(advice, options.lang)).join('\n\n'));
    });
}

function code(text: string): CanonicalCode {
  const read = canonicalCode(text, 'hresult');
  if (!read) throw new InvalidArgumentError('expected an error code such as 0x80071ab1.');
  return read;
}

function innerCode(text: string): CanonicalCode {
  const read = canonicalCode(text) ?? canonicalCode(text, 'win32');
  if (!read) throw new InvalidArgumentError('expected an error code such as 1058 or 0xc0000102.');
  return read;
}

function object(text: string): FailingObject {
  const [type = '', ...name] = text.split(':');
  if (!(OBJECT_TYPES as readonly string[]).includes(type) || name.length === 0)
    throw new InvalidArgumentError(`expected a type of ${OBJECT_TYPES.join(', ')} and a name: inf:cpu.inf.`);
  return { type, name: name.join(':') };
}
