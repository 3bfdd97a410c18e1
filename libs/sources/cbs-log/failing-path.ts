import { scrubLine } from '#domain/scrub.js';
import { detach } from '../line-splitter.js';

export interface FailingObjectFound {
  readonly type: 'installer' | 'component' | 'inf' | 'file' | 'folder' | 'service' | 'task' | 'unknown';
  readonly name: string;
  readonly path?: string;
}

/**
 * The file or folder an NT call of a CSI record was about: `on:[37]'\??\C:\Program Files\Windows Defender'`.
 * A folder when the call asked for one (`FILE_DIRECTORY_FILE`). Profile names are scrubbed.
 */
export function failingPathIn(text: string): FailingObjectFound | null {
  const raw = /\bon:(?:\[[^\]]{0,20}\])?["']([^"'\r\n]{3,600})["']/.exec(text)?.[1];
  if (raw === undefined) return null;
  const path = scrubLine(raw.replace(/^\\(?:\?\?|SystemRoot|DosDevices)\\/i, ''));
  const name = path
    .split('\\')
    .filter((part) => part !== '')
    .at(-1);
  if (name === undefined) return null;
  const isFolder = text.includes('FILE_DIRECTORY_FILE') && !text.includes('FILE_NON_DIRECTORY_FILE');
  return { type: isFolder ? 'folder' : 'file', name: detach(name), path: detach(path) };
}
