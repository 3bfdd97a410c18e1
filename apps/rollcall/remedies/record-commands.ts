import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { REMEDIES } from '#domain/remedies/recommend-remedies.js';
import type { RemedyReport } from '#domain/remedies/remedy-event.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import type { DestinationWish } from '../import/find-destination.js';
import { kbNumber } from '../kb/kb-number.js';
import { instant } from '../number-options.js';
import { note, printJson } from '../output.js';

interface RecordOptions extends DestinationWish {
  readonly device?: string;
  readonly deviceName?: string;
  readonly kb: string;
  readonly at?: string;
  readonly json?: true;
}

/** Telling Rollcall that a remedy was used, and what came of it. It goes to the collector like every other report. */
export function registerRecord(remedies: Command): void {
  withTreatment(remedies.command('applied'))
    .description('record that a remedy was used on a device; its outcome is read from the attempts after it')
    .addHelpText(
      'after',
      `
A success of the same device and KB within 14 days counts for it. Saying it twice with the same --at changes nothing.

Example:
  $ rollcall remedies applied reset_transaction_log --device-name BR17-PC04 --kb KB5034763 --at 2024-02-21T09:00:00+08:00`,
    )
    .action(async (remedyId: string, options: RecordOptions) => {
      const appliedAt = options.at ?? new Date().toISOString();
      await record(
        { eventType: 'RemediationApplied', remedyId, appliedAt, ...treatmentOf(options) },
        options,
      );
    });
  withTreatment(remedies.command('outcome'))
    .description('record what came of the last use of a remedy, where the attempts do not tell it')
    .option('--fixed', 'the update could be installed')
    .option('--not-fixed', 'it still fails')
    .addHelpText(
      'after',
      '\nExample:\n  $ rollcall remedies outcome reset_device --device-name BR17-PC04 --kb KB5014692 --fixed',
    )
    .action(
      async (
        remedyId: string,
        options: RecordOptions & { readonly fixed?: true; readonly notFixed?: true },
      ) => {
        if ((options.fixed ?? false) === (options.notFixed ?? false))
          throw new CommandFailure(EXIT.usage, 'say either --fixed or --not-fixed');
        const observedAt = options.at ?? new Date().toISOString();
        const fixed = options.fixed ?? false;
        await record(
          { eventType: 'RemediationOutcome', remedyId, observedAt, fixed, ...treatmentOf(options) },
          options,
        );
      },
    );
}

function withTreatment(command: Command): Command {
  return withData(command)
    .argument('<remedy>', 'a remedy of the catalogue, or own_… for one of your own', remedy)
    .requiredOption('--kb <kb>', 'the update that failed', kbNumber)
    .option('--device <key>', 'the device')
    .option('--device-name <name>', 'the same by name; the collector turns it into the key')
    .option('--at <time>', 'when (default: now)', instant)
    .option('--url <url>', 'the collector (default: the one that runs on --data)')
    .option('--token <token>', 'token with scope collect (default: as for "rollcall import")')
    .option('--bank <bank>', 'bank of the device, when --data knows several')
    .option('--json', 'one JSON object: what was recorded');
}

const OWN_REMEDY = /^own_[a-z0-9_]{1,59}$/;

/** A remedy that the catalogue does not know would be counted apart for ever: a mistyped one is refused here. */
function remedy(id: string): string {
  if (REMEDIES.has(id) || OWN_REMEDY.test(id)) return id;
  throw new InvalidArgumentError(
    `the catalogue has no such remedy; it has ${[...REMEDIES.keys()].join(', ')}. Name one of your own own_….`,
  );
}

function treatmentOf({ kb, device, deviceName }: RecordOptions) {
  if (device === undefined && deviceName === undefined)
    throw new CommandFailure(EXIT.usage, 'say which device: --device or --device-name');
  return {
    targetKb: kb,
    ...(device === undefined ? {} : { deviceKey: device }),
    ...(deviceName === undefined ? {} : { deviceName }),
  };
}

async function record(report: RemedyReport, options: RecordOptions): Promise<void> {
  // Loaded only here: whoever looks a remedy up waits for no client of the log.
  const [{ BatchSender }, { findDestination }] = await Promise.all([
    import('../import/batch-sender.js'),
    import('../import/find-destination.js'),
  ]);
  const sender = new BatchSender(await findDestination(options));
  await sender.add(report);
  const { accepted, reasons } = await sender.finish();
  if (accepted !== 1) throw new CommandFailure(EXIT.failed, `the collector refused: ${reasons.join('; ')}`);
  if (options.json) printJson(report);
  note(`recorded: ${report.eventType} ${report.remedyId} for ${report.targetKb}`);
}
