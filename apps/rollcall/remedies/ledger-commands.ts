import type { Command } from 'commander';
import type { RemedyAdvice } from '#domain/remedies/recommend-remedies.js';
import type { LedgerRow } from '#domain/remedies/remedy-ledger.js';
import { withConnection } from '../connection-options.js';
import type { ConnectionOptions } from '../connection-options.js';
import type { ListAnswer } from '../console-client.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { printJson, printText, renderTable } from '../output.js';
import { describeCount, describeRemedy, languageOption } from './describe-remedy.js';
import type { Language } from './describe-remedy.js';

interface LedgerOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly kb?: string;
  readonly signature?: string;
}

interface ForOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly lang: Language;
}

/** What a running Rollcall counted. */
export function registerLedger(remedies: Command): void {
  withConnection(remedies.command('ledger'))
    .description('how often each remedy helped, per signature')
    .option('--bank <bank>', 'only this bank')
    .option('--kb <kb>', 'only this KB')
    .option('--signature <id>', 'only this signature id, or code such as 0x80071ab1')
    .addHelpText('after', '\nExample:\n  $ rollcall remedies ledger --signature 0x80071ab1 --json')
    .action(async (options: LedgerOptions) => {
      // Loaded only here, and below: whoever looks a remedy up offline waits for no client of the console.
      const [{ connectConsole }, { printList }] = await Promise.all([
        import('../console-client.js'),
        import('../questions/filter-options.js'),
      ]);
      const { bank, kb, signature } = options;
      const answer = await connectConsole(options).get<ListAnswer<LedgerRow>>('remedies', {
        bank,
        kb,
        signature,
      });
      printList(answer, options.json, ledgerTable);
    });
  withConnection(remedies.command('for'))
    .description('what is advised against a signature or code, best first, with what was counted here')
    .argument('<failure>', 'a signature id (see "rollcall cohorts --json"), or a code')
    .option('--bank <bank>', 'count only this bank')
    .addOption(languageOption())
    .addHelpText(
      'after',
      '\nExit code 3 when nothing is known for it.\n\nExample:\n  $ rollcall remedies for 0x80071ab1 --lang en',
    )
    .action(async (failure: string, options: ForOptions) => {
      const { connectConsole } = await import('../console-client.js');
      const path = `remedies/${encodeURIComponent(failure)}`;
      const { items } = await connectConsole(options).get<{ items: readonly RemedyAdvice[] }>(path, {
        bank: options.bank,
      });
      if (items.length === 0) throw new CommandFailure(EXIT.notKnown, `no remedy is known for ${failure}`);
      if (options.json) items.forEach(printJson);
      else printText(items.map((advice) => describeRemedy(advice, options.lang)).join('\n\n'));
    });
}

const ledgerTable = (rows: readonly LedgerRow[]): string =>
  renderTable(
    ['signature', 'remedy', 'outcome'],
    rows.map((row) => [
      row.signature
        ? [row.signature.l1, row.signature.l2, row.signature.l3].filter((level) => level !== '').join(' · ')
        : 'no failure known',
      row.remedyId,
      describeCount(row),
    ]),
  );
