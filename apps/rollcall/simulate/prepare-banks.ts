import { addBank } from '../bank/add-bank.js';
import type { Installation } from '../installation.module.js';
import { CommandFailure } from '../exit-codes.js';
import { createToken } from '../token/create-token.js';

const DAY_MS = 86_400_000;

/** Adds the simulated banks where missing and gives each a token for a day that may send its own arrival times. */
export async function prepareBanks(
  installation: Installation,
  banks: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const tokens = new Map<string, string>();
  for (const bank of banks) {
    const known = { bank, timeZone: 'Asia/Shanghai', fqdn: false };
    await addBank(installation, known).catch((error: unknown) => {
      if (!(error instanceof CommandFailure)) throw error;
      const wayOut = 'a simulated fleet belongs into an installation of its own: give another --data';
      throw new CommandFailure(error.exitCode, `${error.message}; ${wayOut}`);
    });
    const wish = { bank, scopes: ['collect', 'simulate'], lifetimeMs: DAY_MS } as const;
    tokens.set(bank, (await createToken(installation.log, wish)).token);
  }
  return tokens;
}
