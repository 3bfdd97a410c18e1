import type { Command } from 'commander';
import { AdminReader } from '#event-log/admin-reader.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { withInstallation } from '../installation.module.js';
import { note, printJson, printText, renderTable } from '../output.js';
import { readRunning } from '../up/running-file.js';
import { addBank } from './add-bank.js';
import { registerNames } from './name-commands.js';

interface AddOptions {
  readonly data: string;
  readonly timeZone?: string;
  readonly fqdn?: boolean;
  readonly nameMap?: boolean;
  readonly json?: boolean;
}

export function registerBank(program: Command): void {
  const bank = program.command('bank').description('the banks of this installation');
  withData(bank.command('add'))
    .description('add a bank and make its pseudonym key; works before and while Rollcall runs')
    .argument('<bank>', 'name: 1 to 32 of a-z, 0-9 and -')
    .option('--time-zone <zone>', 'IANA zone of sources that write local time without an offset')
    .option('--fqdn', 'device names are whole domain names (fixed for ever)')
    .option(
      '--name-map',
      'keep the names of its devices in a file here, for its own staff (bank names --help)',
    )
    .option('--no-name-map', 'keep none from now on (as it is at first); those kept: bank forget BANK --all')
    .option('--json', 'JSON')
    .addHelpText('after', '\nExample:\n  $ rollcall bank add bank-a --time-zone Asia/Shanghai')
    .action(async (name: string, options: AddOptions) => {
      const { timeZone, fqdn, nameMap } = options;
      const { added, bank: known } = await withInstallation(
        options.data,
        (installation) => addBank(installation, { bank: name, timeZone, fqdn, nameMap }),
        'make',
      );
      if (options.json) printJson({ ...known, added });
      else {
        printText(added ? `bank ${name} added` : `bank ${name} was already there`);
        if (known.nameMap) printText('names of its devices are kept here: rollcall bank names --help');
      }
      if (added) note(readerOf(name, options.data));
      note(`next: rollcall token create --bank ${name} --scope collect --data ${options.data}`);
    });
  withData(bank.command('list'))
    .description('list the banks')
    .option('--json', 'one JSON object a line')
    .action(async (options: { data: string; json?: boolean }) => {
      const { banks } = await withInstallation(options.data, ({ log }) => new AdminReader(log, 0).refresh());
      const items = [...banks.values()];
      if (options.json) items.forEach(printJson);
      else
        printText(
          renderTable(
            ['bank', 'time zone', 'fqdn', 'name map'],
            items.map((item) => [item.bank, item.timeZone, item.fqdn, item.nameMap]),
          ),
        );
    });
  registerNames(bank);
}

/** Where BI tools of the bank itself get in. */
function readerOf(bank: string, data: string): string {
  const { running, clickhousePasswords } = openDataDirectory(data);
  const when = readRunning(running) ? 'in a few seconds (the engine restarts once)' : 'when Rollcall starts';
  return `${when} ClickHouse has the user bank_${bank}, which sees this bank only; its password: ${clickhousePasswords}`;
}
