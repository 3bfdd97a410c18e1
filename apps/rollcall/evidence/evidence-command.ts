import type { Command } from 'commander';
import { bankSchema, deviceKeySchema } from '#domain/attempt-event.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { BatchSender } from '../import/batch-sender.js';
import { findDestination } from '../import/find-destination.js';
import { formatTime, printJson, printText, renderTable } from '../output.js';
import { matching } from '../text-options.js';
import { UnassignedStore } from './unassigned-evidence.js';

interface AssignOptions {
  readonly data: string;
  readonly device?: string;
  readonly deviceName?: string;
  readonly url?: string;
  readonly token?: string;
  readonly bank?: string;
  readonly json?: boolean;
}

const ID = matching(deviceKeySchema.regex(/^[0-9a-f]{12}$/, 'expected an id of "rollcall evidence list"'));

/** `rollcall evidence …`: what `import` kept because its logs name no device. */
export function registerEvidence(program: Command): void {
  const evidence = program
    .command('evidence')
    .description('evidence that names no device: kept by import, counted only when it is assigned');
  withData(evidence.command('list'))
    .description('what waits for a device')
    .option('--json', 'one JSON object a line')
    .action(async ({ data, json }: { data: string; json?: boolean }) => {
      const waiting = await storeOf(data).list();
      if (json) waiting.forEach(printJson);
      else
        printText(
          renderTable(
            ['id', 'file', 'bank', 'reports', 'failed', 'kept at'],
            waiting.map((one) => [
              one.id,
              one.file,
              one.bank,
              one.reports,
              one.failures,
              formatTime(one.keptAt),
            ]),
          ),
        );
    });
  withData(evidence.command('assign'))
    .description('say which device it was: its reports are sent and counted from then on')
    .argument('<id>', 'id as listed', ID)
    .option('--device <key>', 'the device by its key', matching(deviceKeySchema))
    .option('--device-name <name>', 'the device by its name; the collector turns it into the key')
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option(
      '--token <token>',
      'token with scope collect (default: ROLLCALL_TOKEN, or a short-lived one of --data)',
    )
    .option('--bank <bank>', 'bank of the reports, when --data knows several', matching(bankSchema))
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ rollcall evidence assign 3f2a91c07b44 --device-name BR17-PC04')
    .action(assign);
  withData(evidence.command('delete'))
    .description('forget it')
    .argument('<id>', 'id as listed', ID)
    .action(async (id: string, { data }: { data: string }) => {
      await found(storeOf(data), id);
      await storeOf(data).remove(id);
      printText(`${id} deleted`);
    });
}

const storeOf = (data: string): UnassignedStore => new UnassignedStore(openDataDirectory(data).root);

async function found(store: UnassignedStore, id: string) {
  const kept = await store.read(id);
  if (kept === null)
    throw new CommandFailure(EXIT.notKnown, `no unassigned evidence ${id}: see "rollcall evidence list"`);
  return kept;
}

/** The file goes only when the collector has taken everything. */
async function assign(id: string, options: AssignOptions): Promise<void> {
  const { device, deviceName } = options;
  if ((device === undefined) === (deviceName === undefined))
    throw new CommandFailure(EXIT.usage, 'say which device it was: --device or --device-name');
  const store = storeOf(options.data);
  const { head, rows } = await found(store, id);
  const bank = options.bank ?? head.bank ?? undefined;
  const sender = new BatchSender(await findDestination({ ...options, ...(bank !== undefined && { bank }) }));
  const named = device === undefined ? { deviceName: deviceName ?? '' } : { deviceKey: device };
  for (const row of rows) await sender.add({ ...row, ...named });
  const result = await sender.finish();
  if (options.json) printJson({ kind: 'result', id, ...result });
  else printText(`${result.sent} reports sent, ${result.accepted} accepted, ${result.rejected} rejected`);
  if (result.rejected > 0)
    throw new CommandFailure(EXIT.failed, `rejected, ${id} is kept: ${result.reasons.join('; ')}`);
  await store.remove(id);
}
