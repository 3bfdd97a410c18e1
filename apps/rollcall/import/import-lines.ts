import type { AttemptReport } from '#domain/attempt-event.js';
import type { Signature } from '#domain/report.js';
import { signatureOf } from '#domain/signature/signature.js';
import { stageOf } from '#domain/stage.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import type { FoundReport } from '#sources/source-reader.js';

/** A report line of `import --dry-run --json` (contract.md §7), with what the projector would conclude today. */
export function reportLine(file: string, { line, recordId, report }: FoundReport): Record<string, unknown> {
  const stage = stageOf(report);
  return {
    kind: 'report',
    file,
    ...(line !== undefined ? { line } : { recordId }),
    ...report,
    stage,
    signature: failureSignature(report, stage),
  };
}

/** An account line (contract.md §7): records = understood + Σ setAside + notUnderstood. */
export function accountLine(file: string, account: ReadingAccount): Record<string, unknown> {
  return { kind: 'account', file, ...account };
}

function failureSignature(report: AttemptReport, stage: ReturnType<typeof stageOf>): Signature | null {
  const { outcome, innerErrors = [] } = report;
  const tellsFailure = outcome === 'failed' || outcome === 'rolled_back' || innerErrors.length > 0;
  if (!tellsFailure) return null;
  return signatureOf({
    stage,
    hresult: report.hresult ?? '',
    reportedHresult: report.reportedHresult ?? '',
    innerErrors,
    failureSource: report.failureSource ?? '',
    failingObject: report.failingObject ?? null,
  });
}
