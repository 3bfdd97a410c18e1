import { getFileNameLowLevel, validateFileName } from 'yauzl';
import type { Entry } from 'yauzl';

const UTF8_NAME = 0x800;

/**
 * The name of a zip entry for people, `/` between folders. Chinese Windows writes names in GBK without saying so: bytes
 * that are no UTF-8 are read as GBK, and what is neither as Latin-1.
 */
export function entryName(entry: Entry): string {
  const { fileNameRaw, generalPurposeBitFlag, extraFields } = entry;
  const saysUtf8 = (generalPurposeBitFlag & UTF8_NAME) !== 0 || extraFields.some(({ id }) => id === 0x7075);
  const name = saysUtf8
    ? getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, false)
    : decoded(fileNameRaw);
  return name.replaceAll('\\', '/');
}

function decoded(bytes: Buffer): string {
  for (const encoding of ['utf-8', 'gbk']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      continue; // The next encoding may fit.
    }
  }
  return bytes.toString('latin1');
}

/** Whether a name could lead out of the bundle or deceive who reads it; nothing is ever written under it. */
export const isUnsafeName = (name: string): boolean =>
  name === '' || name.length > 1_024 || /\p{Cc}/u.test(name) || validateFileName(name) !== null;
