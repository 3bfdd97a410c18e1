/** A file as the directory of a cabinet names it ([MS-CAB] 2.4). */
export interface CabinetFile {
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date | null;
}

export const CABINET_HEAD_BYTES = 36;
const ENTRY_HEAD_BYTES = 16;
const LONGEST_NAME = 256;
const PREVIOUS_OR_NEXT = 0x3;
const NAME_IS_UTF8 = 0x80;

export interface CabinetHead {
  readonly fileCount: number;
  readonly directoryAt: number;
  /** The directory is not longer than this. */
  readonly directoryBytes: number;
  /** Parts of a set do not hold their files alone. */
  readonly isPart: boolean;
}

/** Null when the bytes are no cabinet's head. */
export function readCabinetHead(head: Buffer): CabinetHead | null {
  if (head.length < CABINET_HEAD_BYTES || head.toString('latin1', 0, 4) !== 'MSCF') return null;
  const fileCount = head.readUInt16LE(28);
  return {
    fileCount,
    directoryAt: head.readUInt32LE(16),
    directoryBytes: fileCount * (ENTRY_HEAD_BYTES + LONGEST_NAME + 1),
    isPart: (head.readUInt16LE(30) & PREVIOUS_OR_NEXT) !== 0,
  };
}

/** The files of a directory; null when it is damaged. */
export function readCabinetDirectory(directory: Buffer, fileCount: number): CabinetFile[] | null {
  const files: CabinetFile[] = [];
  for (let at = 0; files.length < fileCount;) {
    const end = directory.indexOf(0, at + ENTRY_HEAD_BYTES);
    if (end === -1 || end - at - ENTRY_HEAD_BYTES > LONGEST_NAME) return null;
    const name = directory.subarray(at + ENTRY_HEAD_BYTES, end);
    const isUtf8 = (directory.readUInt16LE(at + 14) & NAME_IS_UTF8) !== 0;
    files.push({
      name: name.toString(isUtf8 ? 'utf8' : 'latin1').replaceAll('\\', '/'),
      bytes: directory.readUInt32LE(at),
      modifiedAt: dosTime(directory.readUInt16LE(at + 10), directory.readUInt16LE(at + 12)),
    });
    at = end + 1;
  }
  return files;
}

/** Local time of whoever packed it, taken as UTC: nobody knows better. */
function dosTime(date: number, time: number): Date | null {
  const [year, month, day] = [1980 + (date >> 9), (date >> 5) & 15, date & 31];
  const ms = Date.UTC(year, month - 1, day, time >> 11, (time >> 5) & 63, (time & 31) * 2);
  return month >= 1 && month <= 12 && day >= 1 ? new Date(ms) : null;
}
