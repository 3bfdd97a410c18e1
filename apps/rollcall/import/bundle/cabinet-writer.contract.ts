import { deflateRawSync } from 'node:zlib';

/** A file of a cabinet for tests; hostile ones say what is not so. */
export interface CabinetEntry {
  readonly name: string | Buffer;
  readonly data: Buffer | string;
  readonly claimedBytes?: number;
}

const BLOCK = 32_768;
const HEAD = 36;

/** A cabinet with these files, one folder each, stored or compressed with MSZIP ([MS-CAB]). */
export function cabinetOf(entries: readonly CabinetEntry[], mszip = false, flags = 0): Buffer {
  const names = entries.map(({ name }) => Buffer.concat([Buffer.from(name as string), Buffer.alloc(1)]));
  const directoryAt = HEAD + entries.length * 8;
  const dataAt = directoryAt + names.reduce((sum, name) => sum + 16 + name.length, 0);
  const folders: Buffer[] = [];
  const files: Buffer[] = [];
  const blocks: Buffer[] = [];
  let offset = dataAt;
  for (const [at, { data, claimedBytes }] of entries.entries()) {
    const bytes = Buffer.from(data as string);
    const folder = Buffer.alloc(8);
    folder.writeUInt32LE(offset, 0);
    folder.writeUInt16LE(Math.ceil(bytes.length / BLOCK), 4);
    folder.writeUInt16LE(mszip ? 1 : 0, 6);
    folders.push(folder);
    const file = Buffer.alloc(16);
    file.writeUInt32LE(claimedBytes ?? bytes.length, 0);
    file.writeUInt16LE(at, 8);
    file.writeUInt16LE(((2024 - 1980) << 9) | (2 << 5) | 20, 10);
    file.writeUInt16LE(9 << 11, 12);
    file.writeUInt16LE(0x20 | (/[^\0-\x7f]/.test(String(entries[at]?.name)) ? 0x80 : 0), 14);
    files.push(file, names[at] ?? Buffer.alloc(1));
    for (let from = 0; from < bytes.length; from += BLOCK) {
      const plain = bytes.subarray(from, from + BLOCK);
      const packed = mszip
        ? Buffer.concat([Buffer.from('CK'), deflateRawSync(plain, { level: from === 0 ? 9 : 1 })])
        : plain;
      const block = Buffer.alloc(8);
      block.writeUInt16LE(packed.length, 4);
      block.writeUInt16LE(plain.length, 6);
      blocks.push(block, packed);
      offset += 8 + packed.length;
    }
  }
  const head = Buffer.alloc(HEAD);
  head.write('MSCF', 0, 'latin1');
  head.writeUInt32LE(offset, 8);
  head.writeUInt32LE(directoryAt, 16);
  head.writeUInt8(3, 24);
  head.writeUInt8(1, 25);
  head.writeUInt16LE(entries.length, 26);
  head.writeUInt16LE(entries.length, 28);
  head.writeUInt16LE(flags, 30);
  return Buffer.concat([head, ...folders, ...files, ...blocks]);
}
