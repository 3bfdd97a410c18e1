import type { AttemptReport } from '#domain/attempt-event.js';
import { judgeEvidence } from '#sources/evidence-gate/judge-evidence.js';
import type { EvidenceWanted, GateVerdict } from '#sources/evidence-gate/judge-evidence.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import type { ExpandedInputs } from './bundle/expand-inputs.js';
import { importFiles } from './import-files.js';

const MOST_REPORTS = 200_000;

/** Reads all evidence once, sending nothing, and judges whether it is of use for the failure it was asked for. */
export async function checkEvidence(expanded: ExpandedInputs, wanted: EvidenceWanted): Promise<GateVerdict> {
  const reports: AttemptReport[] = [];
  const accounts: ReadingAccount[] = [];
  const done = await importFiles(
    expanded.inputs,
    {},
    {
      report: async (_file, { report }) => {
        if (reports.length < MOST_REPORTS) reports.push({ ...report, excerpt: [] }); // The judgement needs no lines of logs.
        return Promise.resolve();
      },
      inventory: () => Promise.resolve(),
      account: (_file, account) => {
        accounts.push(account);
      },
      progress: () => undefined,
    },
  );
  const unread = done.filter(({ problem }) => problem !== null).length;
  const refused = expanded.bundles.reduce((sum, bundle) => sum + bundle.refused.length, 0);
  const versions = expanded.bundles
    .map(({ toolVersion }) => toolVersion)
    .filter((version) => version !== null);
  return judgeEvidence(wanted, {
    accounts,
    reports,
    toolVersion: versions[0] ?? null,
    unreadableFiles: unread + refused + expanded.problems.length,
  });
}
