import { WITHHELD, isNamingField } from '#domain/withhold-names.js';
import { scrubDeviceName, scrubLine } from '#domain/scrub.js';

const MOST_CHARACTERS = 1_000;
const LOOKED_AT_CHARACTERS = 4_000;

/**
 * At most 1 KB of a rejected row, fit for the log: no value of a field whose name says that it names somebody, nor that
 * value anywhere else in the row, no alias, and nothing of what log lines are scrubbed of. The row may be no JSON at
 * all, so this goes by its text.
 */
export function scrubExcerpt(row: string): string {
  const names = new Set([plain(DEVICE_NAME.exec(row)?.[1] ?? '')]);
  const text = row
    .slice(0, LOOKED_AT_CHARACTERS)
    .replace(
      /"([^"\\]{1,64})"(\s*:\s*)("(?:[^"\\]|\\.)*"?|\[[^\]]*\]?)/g,
      (whole, field: string, colon: string, value: string) => {
        if (field !== 'value' && field !== 'deviceAliases' && !isNamingField(field)) return whole;
        if (value.startsWith('"')) names.add(plain(value.replaceAll('"', '')));
        return `"${field}"${colon}"${WITHHELD}"`;
      },
    );
  let safe = scrubLine(plain(text));
  for (const name of names) safe = scrubDeviceName(name)(safe);
  return cutToBytes(safe, MOST_CHARACTERS);
}

const DEVICE_NAME = /"deviceName"\s*:\s*"((?:[^"\\]|\\.){1,255})"/;

/** Paths are found by their single backslashes. */
const plain = (jsonText: string): string => jsonText.replaceAll('\\\\', '\\');

function cutToBytes(text: string, bytes: number): string {
  let cut = text.slice(0, bytes);
  while (Buffer.byteLength(cut) > bytes) cut = cut.slice(0, Math.floor(cut.length * 0.8));
  return cut;
}
