import { InvalidArgumentError } from 'commander';
import { Option } from 'commander';
import type { Command } from 'commander';
import { SCOPES } from '#domain/admin.js';
import type { Scope } from '#domain/admin.js';
import { AdminReader, appendAdminEvent } from '#event-log/admin-reader.js';
import { withData } from '../connection-options.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { withInstallation } from '../installation.module.js';
import { duration } from '../number-options.js';
import { formatTime, note, printJson, printText, renderTable } from '../output.js';
import { createToken } from './create-token.js';

interface CreateOptions {
  readonly data: string;
  readonly bank: string;
  readonly scope: readonly Scope[];
  readonly expiresIn: number | null;
  readonly json?: boolean;
}

const YEAR_MS = 365 * 86_400_000;

/** Takes `--scope collect --scope read`, `--scope collect read` and `--scope collect,read`. */
function collectScopes(text: string, before: readonly Scope[] | undefined): readonly Scope[] {
  const scopes = text.split(',').map((name) => {
    const scope = SCOPES.find((known) => known === name.trim());
    if (!scope) throw new InvalidArgumentError(`"${name}" is none of ${SCOPES.join(', ')}.`);
    return scope;
  });
  return [...(before ?? []), ...scopes];
}

export function registerToken(program: Command): void {
  const token = program.command('token').description('credentials of senders and readers');
  withData(token.command('create'))
    .description('make a token; it is shown once, only its SHA-256 is kept')
    .requiredOption('--bank <bank>', 'the bank it speaks for, or * for every bank')
    .requiredOption('--scope <scope...>', `what it may do: ${SCOPES.join(', ')}`, collectScopes)
    .addOption(
      new Option('--expires-in <duration>', 'such as 90d or 12h, or "never"')
        .argParser(duration)
        .default(YEAR_MS, '365d'),
    )
    .option('--json', 'JSON: {token, id, expiresAt}')
    .addHelpText(
      'after',
      `
Scopes: collect = send reports; simulate = send them with their own arrival time (demo, replay);
        read = ask questions; admin = change the installation.

Example:
  $ rollcall token create --bank bank-a --scope collect --expires-in 90d`,
    )
    .action(async (options: CreateOptions) => {
      const wish = { bank: options.bank, scopes: options.scope, lifetimeMs: options.expiresIn };
      const created = await withInstallation(options.data, ({ log }) => createToken(log, wish));
      if (options.json) {
        printJson(created);
        return;
      }
      printText(created.token);
      note(
        `token ${created.id}, valid until ${created.expiresAt ? formatTime(created.expiresAt) : 'it is revoked'}`,
      );
    });
  withData(token.command('list'))
    .description('list tokens that are not revoked (never the tokens themselves)')
    .option('--json', 'one JSON object a line')
    .action(async (options: { data: string; json?: boolean }) => {
      const { credentials } = await withInstallation(options.data, ({ log }) =>
        new AdminReader(log, 0).refresh(),
      );
      const items = [...credentials.values()].map(({ tokenId, ...rest }) => ({ id: tokenId, ...rest }));
      if (options.json) {
        items.forEach(printJson);
        return;
      }
      const rows = items.map((item) => [
        item.id,
        item.bank,
        item.scopes.join(' '),
        formatTime(item.expiresAt),
      ]);
      printText(renderTable(['id', 'bank', 'scopes', 'expires'], rows));
    });
  withData(token.command('revoke'))
    .description('take a token back; senders are refused within 30 seconds')
    .argument('<id>', 'the id that "token list" shows')
    .option('--json', 'JSON')
    .action(async (id: string, options: { data: string; json?: boolean }) => {
      await withInstallation(options.data, async ({ log }) => {
        const { credentials } = await new AdminReader(log, 0).refresh();
        if (![...credentials.values()].some((credential) => credential.tokenId === id)) {
          throw new CommandFailure(EXIT.notKnown, `token ${id} is not known or already revoked`);
        }
        await appendAdminEvent(log, { type: 'TokenRevoked', at: new Date().toISOString(), tokenId: id });
      });
      if (options.json) printJson({ id, revoked: true });
      else printText(`token ${id} revoked`);
    });
}
