import { existsSync, statSync } from 'node:fs';
import { readBankKeys } from '#runtime/bank-keys.js';

const LOOK_EVERY_MS = 1_000;

/**
 * Tells which banks there are, now and after `bank add` gave one its key, each time when the key file has been quiet
 * for a look: several banks added in a row are told at once. Answers how to end it.
 */
export function followBanks(keysFile: string, tell: (banks: readonly string[]) => void): () => void {
  let seenMs = -1;
  let told = false;
  const timer = setInterval(() => {
    const changedMs = existsSync(keysFile) ? statSync(keysFile).mtimeMs : 0;
    if (changedMs !== seenMs) told = false;
    else if (!told) {
      told = true;
      tell(banksOf(keysFile));
    }
    seenMs = changedMs;
  }, LOOK_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

/** None when the file is spoiled: the collector and the doctor say so. */
function banksOf(keysFile: string): string[] {
  try {
    return [...readBankKeys(keysFile).keys()];
  } catch {
    return [];
  }
}
