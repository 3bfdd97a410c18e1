import type { Command } from 'commander';
import type { Bank } from '#domain/admin.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { forgetNames, nameMapFile, readNameMap } from '#runtime/name-map.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { note, printJson, printText, renderTable } from '../output.js';

interface NameOptions {
  readonly data: string;
  readonly json?: boolean;
}

/** `bank names`, `bank name` and `bank forget`: the name maps, for people who may read the data directory. */
export function registerNames(bank: Command): void {
  withData(bank.command('names'))
    .description('list the names of the bank’s devices, where it keeps a name map')
    .argument('<bank>')
    .option('--json', 'one JSON object a line: deviceKey, name')
    .addHelpText('after', `\n${WHERE}\n\nExample:\n  $ rollcall bank names bank-a`)
    .action(async (name: string, options: NameOptions) => {
      const { bank: found, file } = await findMap(options.data, name);
      const items = [...(await readNameMap(file)).names].map(([deviceKey, known]) => ({
        deviceKey,
        name: known,
      }));
      if (options.json) items.forEach(printJson);
      else
        printText(
          renderTable(
            ['device', 'name'],
            items.map((item) => [item.deviceKey, item.name]),
          ),
        );
      if (!found.nameMap) note(`bank ${name} keeps no name map now: rollcall bank add ${name} --name-map`);
    });
  withData(bank.command('name'))
    .description('the name of one device')
    .argument('<bank>')
    .argument('<key>', 'device key')
    .option('--json', 'JSON: deviceKey, name')
    .addHelpText('after', '\nExit code 3 when no name is known for the key.')
    .action(async (name: string, deviceKey: string, options: NameOptions) => {
      const { file } = await findMap(options.data, name);
      const known = (await readNameMap(file)).names.get(deviceKey);
      if (known === undefined) throw notKnown(name, deviceKey);
      if (options.json) printJson({ deviceKey, name: known });
      else printText(known);
    });
  withData(bank.command('forget'))
    .description('delete the name of one device, or of all; works while Rollcall runs')
    .argument('<bank>')
    .argument('[key]', 'device key')
    .option('--all', 'every name of the bank')
    .option('--json', 'JSON: forgotten')
    .addHelpText('after', `\n${FORGETTING}\n\nExit code 3 when no name is known for the key.`)
    .action(async (name: string, key: string | undefined, options: NameOptions & { readonly all?: true }) => {
      if ((key === undefined) !== (options.all ?? false)) {
        throw new CommandFailure(EXIT.usage, 'give either one device key or --all');
      }
      const { file } = await findMap(options.data, name);
      const forgotten = await forgetNames(file, key ?? null);
      if (key !== undefined && forgotten === 0) throw notKnown(name, key);
      if (options.json) printJson({ forgotten });
      else printText(`${forgotten} ${forgotten === 1 ? 'name' : 'names'} of bank ${name} deleted`);
    });
}

const WHERE = `The names lie in a file of the bank's own below --data. They are in no event, no answer over HTTP and no
table; whoever may read that file may read them.`;

const FORGETTING = `Forgetting deletes the name from the bank's file; what the device reported stays, under its key.
When the device reports again under its name and the bank still keeps a name map, its name is remembered anew.
To end that for all devices of the bank: rollcall bank add BANK --no-name-map, then forget --all.
Not touched: backups of the file, and rejected rows as they came (kept for 30 days). Who has the bank's key
file can still find the key that belongs to a name, but no name from a key.`;

async function findMap(data: string, name: string): Promise<{ readonly bank: Bank; readonly file: string }> {
  return withInstallation(data, async (installation) => {
    const { banks } = await new AdminReader(installation.log, 0).refresh();
    const bank = banks.get(name);
    if (!bank) throw new CommandFailure(EXIT.notKnown, `bank ${name} is not known: rollcall bank list`);
    return { bank, file: nameMapFile(installation.data.names, name) };
  });
}

const notKnown = (bank: string, deviceKey: string): CommandFailure =>
  new CommandFailure(EXIT.notKnown, `bank ${bank} has no name for ${deviceKey}`);
