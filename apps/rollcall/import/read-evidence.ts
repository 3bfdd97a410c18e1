import { open } from 'node:fs/promises';
import { AccountKeeper } from '#sources/reading-account.js';
import type { ReadingAccount } from '#sources/reading-account.js';
import { createReader, HEAD_BYTES, recogniseFormat } from '#sources/recognise.js';
import type { FoundReport } from '#sources/source-reader.js';

const PIECE_BYTES = 256 * 1024;

/** Takes what a file gives while it is read. `report` may wait: reading waits with it. */
export interface EvidenceTaker {
  report(found: FoundReport): Promise<void>;
  progress(bytes: number): void;
}

/**
 * Reads one file piece by piece; its kind is recognised from its beginning. A file of no known kind counts as one
 * record that was not understood.
 * @throws Error when the file cannot be opened or read
 */
export async function readEvidence(path: string, taker: EvidenceTaker): Promise<ReadingAccount> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    const format = recogniseFormat(head.subarray(0, bytesRead));
    const reader = createReader(format);
    if (reader === null) {
      const account = new AccountKeeper();
      account.notUnderstood();
      return account.close(format);
    }
    let position = 0;
    for (;;) {
      // A fresh piece each time: the EVTX reader keeps what it cannot read yet.
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const read = await file.read(piece, 0, PIECE_BYTES, position);
      if (read.bytesRead === 0) break;
      position += read.bytesRead;
      for (const found of reader.push(piece.subarray(0, read.bytesRead))) await taker.report(found);
      taker.progress(position);
    }
    const { reports, account } = reader.finish();
    for (const found of reports) await taker.report(found);
    return account;
  } finally {
    await file.close();
  }
}
