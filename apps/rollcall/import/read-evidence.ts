import { CbsLogReader } from '#sources/cbs-log/read-cbs-log.js';
import { firstStampOf, isLogPartName, joinRolledLogs } from '#sources/cbs-log/rolled-logs.js';
import { AccountKeeper } from '#sources/reading-account.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import { createReader, HEAD_BYTES, recogniseFormat } from '#sources/recognise.js';
import type { FoundInventory, FoundReport, ReadingEnd, SourceReader } from '#sources/source-reader.js';
import { headOf } from './evidence-input.js';
import type { EvidenceInput } from './evidence-input.js';

/** Takes what a file gives while it is read. `report` may wait: reading waits with it. */
export interface EvidenceTaker {
  report(found: FoundReport): Promise<void>;
  inventory(found: FoundInventory): Promise<void>;
  progress(bytes: number): void;
}

/** A reader that goes on with the next part of a rolled log. */
export interface ReadingOfParts {
  reader: CbsLogReader | null;
}

/**
 * Reads one file piece by piece; its kind is recognised from its beginning. A file of no known kind counts as one
 * record that was not understood.
 * @param parts of a log in several files: the reader to go on with, kept here for the next part
 * @param isLast no further part of its log follows
 * @throws Error when the file cannot be opened or read
 */
export async function readEvidence(
  input: EvidenceInput,
  taker: EvidenceTaker,
  parts: ReadingOfParts = { reader: null },
  isLast = true,
): Promise<ReadingAccount> {
  const before = parts.reader;
  parts.reader = null;
  const format = recogniseFormat(await headOf(input, HEAD_BYTES));
  const reader: SourceReader | null = format === 'cbs_log' && before !== null ? before : createReader(format);
  if (reader === null) {
    const account = new AccountKeeper();
    account.notUnderstood();
    return account.close(format);
  }
  let position = 0;
  for await (const piece of input.bytes()) {
    position += piece.length;
    for (const found of reader.push(piece)) await taker.report(found);
    taker.progress(position);
  }
  const goesOn = !isLast && reader instanceof CbsLogReader;
  const { reports, inventories = [], account }: ReadingEnd = goesOn ? reader.nextFile() : reader.finish();
  if (goesOn) parts.reader = reader;
  for (const found of reports) await taker.report(found);
  for (const found of inventories) await taker.inventory(found);
  return account;
}

/** The inputs in lists to be read one after the other: the parts of one rolled CBS log together, all others alone. */
export async function groupInputs(inputs: readonly EvidenceInput[]): Promise<EvidenceInput[][]> {
  const byFolder = new Map<string, EvidenceInput[]>();
  for (const input of inputs.filter(({ baseName }) => isLogPartName(baseName))) {
    byFolder.set(input.folder, [...(byFolder.get(input.folder) ?? []), input]);
  }
  const logOf = new Map<EvidenceInput, EvidenceInput[]>();
  for (const ofFolder of byFolder.values()) {
    if (ofFolder.length < 2) continue;
    const parts = await Promise.all(
      ofFolder.map(async (input) => ({
        path: input.name,
        name: input.baseName,
        // What cannot be read is told when its turn comes.
        firstStamp: firstStampOf(await headOf(input, HEAD_BYTES).catch(() => Buffer.alloc(0))),
      })),
    );
    for (const log of joinRolledLogs(parts)) {
      const members = log.flatMap(({ path }) => ofFolder.filter(({ name }) => name === path));
      for (const member of members) logOf.set(member, members);
    }
  }
  return [...new Set(inputs.map((input) => logOf.get(input) ?? [input]))].map((group) => [...group]);
}
