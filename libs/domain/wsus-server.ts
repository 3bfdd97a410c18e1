import type { AttemptEvent } from './attempt-event.js';

/** Tag by which a reader of a WSUS server says which one; `rollcall wsus poll` sets it. */
export const WSUS_SERVER_TAG = 'wsus_server';

/** The WSUS server that told an attempt; '' when another source did, or a server that was given no name. */
export const wsusServerOf = ({ source, tags }: Pick<AttemptEvent, 'source' | 'tags'>): string =>
  source === 'wsus' ? (tags?.[WSUS_SERVER_TAG] ?? '') : '';
