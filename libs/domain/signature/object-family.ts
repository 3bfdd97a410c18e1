import type { FailingObject } from '../report.js';

const GUID = /\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?/g;
const SID = /s-1-\d+(?:-\d+)+(?:_classes)?/g;
/** Windows' own names for machines that nobody named. */
const MADE_UP_HOST = /\b(?:desktop|laptop|win)-[0-9a-z]{7,15}\b/g;
const PROFILE = /(?:^|\\)(?:users|documents and settings|profiles)\\([^\\]+)/;
/** What the scrubbing of texts leaves where a name was: the same family with it and without. */
const SCRUBBED = /<(?:sid|user|host|name|mail)>/g;
const SESSION = /\b\d{5,}_\d{3,}\b/g;
const VERSION = /\b\d+(?:\.\d+){2,}\b/g;
const LONG_HEX = /(?<![0-9a-z])(?=[0-9a-f]*\d)[0-9a-f]{8,}(?![0-9a-z])/g;
/** `CDPUserSvc_3a4f2`: a service of one user's session. */
const SERVICE_OF_SESSION = /_[0-9a-f]{4,8}$/;
/** On a share only what an update is made of is told: any other name may be a person's folder or file. */
const PART_OF_UPDATE = /\.(?:cab|cat|dll|esd|exe|inf|manifest|msi|msp|msu|mum|psf|sys|wim)$/;
/** `arch_name_token_version_culture_hash`: how WinSxS names the folder of a component. */
const WINSXS_KEY = /^(?:amd64|x86|wow64|arm64|arm|msil|ia64)_(.+?)_[0-9a-f]{16}_[^_]*_[^_]*_[0-9a-f]{16}$/;
/** Values that stand for a service's shared profiles, not for a person. */
const SHARED_PROFILES: ReadonlySet<string> = new Set(['public', 'default', 'all users', 'default user']);

/**
 * A failing object as the family it belongs to: `file:microsoft-windows-directshow-other\amstream.dll`,
 * `folder:windows defender`, `inf:cpu.inf`, `installer:http installer`. Lower case; versions, GUIDs, hashes,
 * session ids, SIDs, machine and user names, drives and parent folders are left out, so that devices with the
 * same trouble share one name and no person enters a signature. '' when nothing telling is left.
 */
export function objectFamily({ type, name, path }: FailingObject): string {
  const isFile = type === 'file' || type === 'folder';
  const written = isFile && path !== undefined && path !== '' ? path : name;
  const text = written.normalize('NFC').trim().toLowerCase();
  const family = familyOf(type === 'service' ? text.replace(SERVICE_OF_SESSION, '') : text);
  return family === '' ? '' : `${type}:${family}`;
}

/** Any other word of a source (`CSI Other`) without what must not enter a signature. */
export const plainWord = (written: string): string => familyOf(written.normalize('NFC').trim().toLowerCase());

function familyOf(text: string): string {
  const identity = text.split('~');
  if (identity.length === 5) return clean(identity[0] ?? '');
  const path = text.replaceAll('/', '\\').replace(/\\+$/, '');
  if (!path.includes('\\') && !/^[a-z]:$/.test(path)) return componentName(path);
  const owner = PROFILE.exec(path)?.[1] ?? '';
  const parts = path
    .replace(/^\\\\[?.]\\|^\\\?\?\\/, '')
    .replace(/^[a-z]:/, '')
    .split('\\')
    .filter((part) => part !== '');
  const last = parts.at(-1) ?? '';
  if (last === '' || (owner !== '' && last === owner)) return owner === '' ? '' : 'user profile';
  if (
    path.startsWith('\\\\') &&
    !/^\\\\[?.]\\/.test(path) &&
    (parts.length < 3 || !PART_OF_UPDATE.test(last))
  )
    return 'network share';
  const component = parts.length > 1 ? WINSXS_KEY.exec(parts.at(-2) ?? '')?.[1] : undefined;
  const own = withoutOwner(componentName(last), owner);
  return component === undefined ? own : `${clean(component)}\\${own}`;
}

function withoutOwner(text: string, owner: string): string {
  return owner === '' || SHARED_PROFILES.has(owner) ? text : tidy(text.replaceAll(owner, ''));
}

function componentName(text: string): string {
  return clean(WINSXS_KEY.exec(text)?.[1] ?? text);
}

function clean(text: string): string {
  let cleaned = text.replace(MADE_UP_HOST, '');
  if (text.includes('<')) cleaned = cleaned.replace(SCRUBBED, '');
  // Everything else that is cut holds a digit, and most names have none: this runs for every failure.
  if (/\d/.test(cleaned)) {
    cleaned = cleaned
      .replace(GUID, '')
      .replace(SID, '')
      .replace(SESSION, '')
      .replace(VERSION, '')
      .replace(LONG_HEX, '');
  }
  return cleaned === text && !UNTIDY.test(text) ? text : tidy(cleaned);
}

/** Anything that `tidy` would change. */
const UNTIDY = /[({[]\s*[)}\]]|\s\s|[^\S ]|([_\-,.;])\1|^[\s_\-,;.]|[\s_\-,;]$/;

/** Empty brackets and doubled separators are what the cuts leave behind. */
function tidy(text: string): string {
  return text
    .replace(/\(\s*\)|\{\s*\}|\[\s*\]/g, '')
    .replace(/\s+/g, ' ')
    .replace(/([_\-,.;])\1+/g, '$1')
    .replace(/^[\s_\-,;.]+|[\s_\-,;]+$/g, '');
}
