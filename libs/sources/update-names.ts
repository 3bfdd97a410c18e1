import type { SetAsideReason } from './reading-account.js';

/** Packages that came with the image or on demand carry these; they are no KBs (log-formats.md §2). */
const PLACEHOLDER_KBS = new Set(['KB777777', 'KB777778']);
/** Definitions of Defender, Security Essentials and Forefront: new several times a day, no patching. */
const DEFINITION_KBS = new Set(['KB2267602', 'KB915597', 'KB2310138', 'KB2461484']);
const STORE_SERVICE = '855e8a7c-ecb4-4ca3-b045-1dfa50104289';
const STORE_TITLE = /^9[A-Z0-9]{11}-/;

/** The first KB a text names, or undefined; placeholders are none. */
export function kbIn(text: string): string | undefined {
  for (const found of text.matchAll(/KB(\d{6,8})(?!\d)/gi)) {
    const kb = `KB${found[1] ?? ''}`;
    if (!PLACEHOLDER_KBS.has(kb)) return kb;
  }
  return undefined;
}

/**
 * The title in a sentence of the update client, in any language: what it is, what happened (with the error), the title,
 * with a colon between each. Undefined when the text is no such sentence.
 */
export const announcedTitle = (text: string): string | undefined =>
  (/following updates?[^:]*?: (.{1,1000}?)\.?$/is.exec(text) ??
    /^[^:：]{2,60}[:：][^:：]{2,300}[:：]\s*(.{1,1000}?)[.。]?$/s.exec(text))?.[1];

/** GUID without braces, lower case; undefined when the text is none or all zero. */
export function guidOf(text: string | undefined): string | undefined {
  const found = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(text ?? '')?.[0].toLowerCase();
  return found === undefined || /^[0-]+$/.test(found) ? undefined : found;
}

/** What Rollcall does not watch: Store apps and antivirus definitions (issue "Evidence", item 10). */
export function asideReasonOf(update: {
  readonly title?: string | undefined;
  readonly kb?: string | undefined;
  readonly serviceId?: string | undefined;
}): SetAsideReason | null {
  if (update.serviceId === STORE_SERVICE || STORE_TITLE.test(update.title ?? '')) return 'store_app';
  if (update.kb !== undefined && DEFINITION_KBS.has(update.kb)) return 'defender_definition';
  return null;
}

/** Where the update came from, by the service's GUID (log-formats.md §5). */
export function channelOf(serviceId: string | undefined): 'wu' | 'wsus' | undefined {
  if (serviceId === '3da21691-e39d-4da6-8a4b-b43877bcb1b7') return 'wsus';
  if (serviceId === '9482f4b4-e343-43b6-b170-9a65bc822c77') return 'wu';
  return serviceId === '7971f918-a847-4430-9279-4a52d1efe18d' ? 'wu' : undefined;
}
