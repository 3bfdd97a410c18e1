import { Option } from 'commander';
import type { Command } from 'commander';
import type { ConnectionOptions } from '../connection-options.js';
import { withConnection } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import { printJson, printText } from '../output.js';

interface DraftOptions extends ConnectionOptions {
  readonly cohort: string;
  readonly lang: 'zh' | 'en';
}

/** The console's answer about a case draft. */
export interface CaseAnswer {
  readonly title: string;
  readonly body: string;
}

export function registerCase(program: Command): void {
  const support = program.command('case').description('support cases');
  withConnection(support.command('draft'))
    .description('a support case filled in from a cohort; what is not known is named as missing')
    .requiredOption('--cohort <id>', 'the cohort (see "rollcall cohorts")')
    .addOption(new Option('--lang <lang>', 'language').choices(['zh', 'en']).default('zh'))
    .addHelpText('after', '\nExample:\n  $ rollcall case draft --cohort mfrggzdfmztwq2lk --lang en > case.md')
    .action(async (options: DraftOptions) => {
      const path = `cohorts/${encodeURIComponent(options.cohort)}/case`;
      const draft = await connectConsole(options).get<CaseAnswer>(path, { lang: options.lang });
      if (options.json) printJson(draft);
      else printText(`${draft.title}\n\n${draft.body}`);
    });
}
