import { Option } from 'commander';
import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import { withConnection } from '../connection-options.js';
import type { ConnectionOptions } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { duration, instant } from '../number-options.js';
import { note, printJson, printText } from '../output.js';
import { matching } from '../text-options.js';
import { renderAlert, silenceTable } from './alert-page.js';
import type { AlertDetail, SilenceView } from './alert-page.js';

interface AlertOptions extends ConnectionOptions {
  readonly lang: 'zh' | 'en';
}
type NoteOptions = AlertOptions & { readonly note: string };
type SnoozeOptions = NoteOptions & {
  readonly growth?: number;
  readonly until?: string;
  readonly for?: number;
};
interface SilenceOptions extends ConnectionOptions {
  readonly bank?: string;
  readonly signature?: string;
  readonly from?: string;
  readonly until?: string;
  readonly for?: number;
  readonly note: string;
}

const NOTE = ['--note <text>', 'why, for colleagues; no names of persons or devices', ''] as const;
const UNTIL = ['--until <time>', 'until then, such as 2024-09-10T08:00:00+08:00', instant] as const;
const FOR = ['--for <duration>', 'for so long from now, such as 4h or 7d', duration] as const;

const pathOf = (alertId: string): string => `alerts/${encodeURIComponent(alertId)}`;

/** What people do about alerts: the subcommands of `rollcall alerts`. They need scope admin, as the operator's token has. */
export function registerHandling(alerts: Command): void {
  withLanguage(alerts.command('show'))
    .description('one alert from near: its words, what was done about it, who was told')
    .argument('<alert>', 'its id')
    .action(async (alertId: string, options: AlertOptions) => {
      printAlert(await connectConsole(options).get<AlertDetail>(pathOf(alertId)), options);
    });

  withLanguage(alerts.command('ack'))
    .description('say that somebody has it; it is told on')
    .argument('<alert>', 'its id')
    .option(...NOTE)
    .action(async (alertId: string, options: NoteOptions) => {
      const path = `${pathOf(alertId)}/acknowledge`;
      printAlert(await connectConsole(options).send('POST', path, { note: options.note }), options);
    });

  withLanguage(alerts.command('snooze'))
    .description('tell nothing more of it until it gets worse: more devices, a wider reach, a page')
    .argument('<alert>', 'its id')
    .option('--growth <factor>', 'worse = so many times as many devices (2)', Number)
    .option(...UNTIL)
    .option(...FOR)
    .option(...NOTE)
    .action(async (alertId: string, options: SnoozeOptions) => {
      const asked = { note: options.note, until: endOf(options), growth: options.growth };
      printAlert(await connectConsole(options).send('POST', `${pathOf(alertId)}/snooze`, asked), options);
    });

  withConnection(alerts.command('silence'))
    .description('tell nothing of a bank, a signature or both for a while; alerts are recorded all the same')
    .argument('[alert]', 'take bank and code of this alert')
    .option('--bank <bank>', 'only this bank', matching(bankSchema))
    .option('--signature <id>', 'only this signature id, or code such as 0x80071ab1')
    .option('--from <time>', 'from then on (now)', instant)
    .option(...UNTIL)
    .option(...FOR)
    .option(...NOTE)
    .addHelpText(
      'after',
      '\nExamples:\n  $ rollcall alerts silence --bank bank-a --for 8h --note "planned rollout"\n  $ rollcall alerts silence 4c7zq2m3kd5xw6ab --for 7d',
    )
    .action(silence);

  withConnection(alerts.command('unsilence'))
    .description('end a silence before its time')
    .argument('<silence>', 'its id, as alerts silences lists it')
    .action(async (silenceId: string, options: ConnectionOptions) => {
      const path = `silences/${encodeURIComponent(silenceId)}`;
      printSilences([await connectConsole(options).send<SilenceView>('DELETE', path)], options);
    });

  withConnection(alerts.command('silences'))
    .description('silences, also past and lifted ones')
    .action(async (options: ConnectionOptions) => {
      const { items } = await connectConsole(options).get<{ readonly items: readonly SilenceView[] }>(
        'silences',
      );
      printSilences(items, options);
    });
}

async function silence(alertId: string | undefined, options: SilenceOptions): Promise<void> {
  const until = endOf(options);
  if (until === null) throw new CommandFailure(EXIT.usage, 'a silence needs an end: --until or --for');
  const client = connectConsole(options);
  const alert = alertId === undefined ? null : await client.get<AlertDetail>(pathOf(alertId));
  const bank = options.bank ?? (alert === null || alert.bank === '*' ? null : alert.bank);
  const signature = options.signature ?? alert?.signature.l1 ?? null;
  if (bank === null && signature === null)
    throw new CommandFailure(
      EXIT.usage,
      'name an alert, --bank or --signature: silencing everything is a risk',
    );
  const asked = { bank, signature, from: options.from ?? null, until, note: options.note };
  printSilences([await client.send<SilenceView>('POST', 'silences', asked)], options);
}

const withLanguage = (command: Command): Command =>
  withConnection(command).addOption(
    new Option('--lang <lang>', 'language of its words').choices(['zh', 'en']).default('en'),
  );

/** `--for 4h` is an end too; null = none was given. */
function endOf({ until, for: forMs }: { readonly until?: string; readonly for?: number }): string | null {
  if (until !== undefined) return until;
  return forMs === undefined ? null : new Date(Date.now() + forMs).toISOString();
}

function printAlert(alert: AlertDetail, { json, lang }: AlertOptions): void {
  if (json) printJson(alert);
  else printText(renderAlert(alert, lang));
}

function printSilences(silences: readonly SilenceView[], { json }: ConnectionOptions): void {
  if (json) silences.forEach(printJson);
  else printText(silences.length === 0 ? 'none' : silenceTable(silences));
  if (!json) note(`${silences.length} shown`);
}
