import type { Command } from 'commander';
import { z } from 'zod';
import { credentialOf, EVERY_BANK, tokenSha256 } from '#domain/admin.js';
import { bankSchema, deviceKeySchema } from '#domain/attempt-event.js';
import { AdminReader } from '#event-log/admin-reader.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { BatchSender } from '../import/batch-sender.js';
import { findDestination } from '../import/find-destination.js';
import { withInstallation } from '../installation.module.js';
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
    .option(
      '--device-name <name>',
      'the device by its name; the collector turns it into the key',
      matching(z.string().trim().min(1, 'it is empty')),
    )
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option(
      '--token <token>',
      'token with scope collect (default: ROLLCALL_TOKEN, or a short-lived one of --data)',
    )
    .option('--bank <bank>', 'bank of the reports, when --data knows several', matching(bankSchema))
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Once: evidence that was assigned is neither kept nor sent again. "rollcall evidence delete" forgets that it was.

Exit code 2 when it was assigned before, 3 when there is none of this id.

Example:
  $ rollcall evidence assign 3f2a91c07b44 --device-name BR17-PC04`,
    )
    .action(assign);
  withData(evidence.command('delete'))
    .description('forget it, or that it was assigned: imported again, it waits again')
    .argument('<id>', 'id as listed', ID)
    .action(async (id: string, { data }: { data: string }) => {
      const store = storeOf(data);
      if ((await store.assignedAt(id)) === null) await found(store, id);
      await store.remove(id);
      printText(`${id} deleted`);
    });
}

const storeOf = (data: string): UnassignedStore => new UnassignedStore(openDataDirectory(data).root);

async function found(store: UnassignedStore, id: string) {
  const kept = await store.read(id);
  const assignedAt = await store.assignedAt(id);
  if (assignedAt !== null)
    throw new CommandFailure(
      EXIT.negative,
      `evidence ${id} was assigned to a device at ${formatTime(assignedAt)}: its reports are counted there. If that was the wrong one: rollcall evidence delete ${id}, and import it again`,
    );
  if (kept === null)
    throw new CommandFailure(EXIT.notKnown, `no unassigned evidence ${id}: see "rollcall evidence list"`);
  return kept;
}

/** The file goes only when the collector has taken everything. */
async function assign(id: string, options: AssignOptions): Promise<void> {
  const { device, deviceName } = options;
  if ((device === undefined) === (deviceName === undefined))
    throw new CommandFailure(EXIT.usage, 'say which device it was: either --device or --device-name');
  const store = storeOf(options.data);
  await found(store, id); // before the lock: an id that was mistyped leaves no lock file
  const lock = await store.lock(id);
  if (lock === null)
    throw new CommandFailure(EXIT.failed, `evidence ${id} is being assigned by another command right now`);
  try {
    await assignLocked(store, id, options);
  } finally {
    await lock.release();
  }
}

async function assignLocked(store: UnassignedStore, id: string, options: AssignOptions): Promise<void> {
  const { device, deviceName } = options;
  const { head, rows } = await found(store, id);
  if (head.bank !== null) await assertBank(head.bank, options);
  const bank = options.bank ?? head.bank ?? undefined;
  const sender = new BatchSender(await findDestination({ ...options, ...(bank !== undefined && { bank }) }));
  const named = device === undefined ? { deviceName: deviceName ?? '' } : { deviceKey: device };
  for (const row of rows) await sender.add({ ...row, ...named });
  const result = await sender.finish();
  if (options.json) printJson({ kind: 'result', id, ...result });
  else printText(`${result.sent} reports sent, ${result.accepted} accepted, ${result.rejected} rejected`);
  if (result.rejected > 0)
    throw new CommandFailure(EXIT.failed, `rejected, ${id} is kept: ${result.reasons.join('; ')}`);
  await store.settle(id, new Date().toISOString());
}

/** Evidence that was imported for a bank is that bank's; whose a token is can only be told by the log of --data. */
async function assertBank(kept: string, { data, bank, token }: AssignOptions): Promise<void> {
  const given = token ?? process.env['ROLLCALL_TOKEN'];
  const named = bank ?? (given === undefined ? kept : await bankOfToken(data, given)) ?? kept;
  if (named === kept) return;
  throw new CommandFailure(
    EXIT.usage,
    `this evidence was imported for ${kept}, not for ${named}; to send it for ${named}, import it again with --bank ${named}`,
  );
}

async function bankOfToken(data: string, token: string): Promise<string | null> {
  const sha256 = tokenSha256(token);
  return withInstallation(data, async ({ log }) => {
    const credential = credentialOf(await new AdminReader(log, 0).refresh(), sha256, Date.now());
    return credential === null || credential.bank === EVERY_BANK ? null : credential.bank;
  }).catch(() => null);
}
