import type { Command } from 'commander';
import { bankSchema } from '#domain/attempt-event.js';
import type { AttributeValue } from '#domain/cohort-explanation/cohort-row.js';
import type { CohortExplanation } from '#domain/cohort-explanation/explain-cohort.js';
import type { CommonFactor } from '#domain/common-factor/common-factors.js';
import { withConnection } from '../connection-options.js';
import type { ConnectionOptions } from '../connection-options.js';
import { connectConsole } from '../console-client.js';
import { printJson, printText, renderTable } from '../output.js';
import { matching } from '../text-options.js';

/** The console's answer about why a cohort fails. */
interface Explanation extends CohortExplanation {
  readonly cohortId: string;
  readonly kb: string;
  readonly bank: string | null;
  readonly commonFactors: readonly CommonFactor[];
}

/** `rollcall cohorts explain`. */
export function registerExplain(cohorts: Command): void {
  withConnection(cohorts.command('explain'))
    .description('what the failing devices of a cohort have in common that the others have not')
    .argument('<id>', 'the cohort (see "rollcall cohorts")')
    .option('--bank <bank>', 'compare with devices of this bank only', matching(bankSchema))
    .addHelpText('after', '\nExample:\n  $ rollcall cohorts explain mfrggzdfmztwq2lk')
    .action(async (id: string, options: ConnectionOptions & { readonly bank?: string }) => {
      const path = `cohorts/${encodeURIComponent(id)}/explanation`;
      const answer = await connectConsole(options).get<Explanation>(path, { bank: options.bank });
      if (options.json) printJson(answer);
      else printText(renderExplanation(answer));
    });
}

function renderExplanation({ kb, bank, devices, failed, causes, commonFactors }: Explanation): string {
  const compared = `${failed} of ${devices} devices that tried ${kb} failed so (${bank ?? 'all banks'})`;
  const rows = causes.map(
    ({ values, failed: own, devices: of, comparison, riskRatio, indistinguishable }) => [
      [values, ...indistinguishable].map(nameOf).join('\nor '),
      `${own} of ${of}`,
      `${comparison.failed} of ${comparison.devices}`,
      riskRatio === null ? 'nobody else' : `${riskRatio.toFixed(1)} ×`,
    ],
  );
  const told =
    rows.length === 0 ? 'no common cause' : renderTable(['cause', 'failed', 'others', 'risk'], rows);
  return [compared, told, ...(commonFactors.length === 0 ? [] : ['', factorTable(commonFactors)])].join('\n');
}

const nameOf = (values: readonly AttributeValue[]): string =>
  values.map(({ attribute, value }) => `${attribute} = ${value}`).join(' and ');

/** What failures share beyond their codes, for people. */
export const factorTable = (factors: readonly CommonFactor[]): string =>
  renderTable(
    ['common factor', 'failures', 'successes', 'codes'],
    factors.map((factor) => [
      factor.factor,
      `${factor.failuresWith} of ${factor.failures}`,
      `${factor.successesWith} of ${factor.successes}`,
      factor.codes.join(' '),
    ]),
  );
