import { z } from 'zod';
import type { AttemptEvent } from './attempt-event.js';

/** Tag by which a reader of a WSUS server says which one; `rollcall wsus poll` sets it. */
export const WSUS_SERVER_TAG = 'wsus_server';

const NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;
/** Written by the server's owner for alerts, so no free text and never by itself the name of a host. */
export const wsusServerSchema = z.string().regex(NAME, 'expected 1 to 64 of a-z, 0-9, . -');

/** The WSUS server that told an attempt; '' when another source did, or a server without a name of that form. */
export function wsusServerOf({ source, tags }: Pick<AttemptEvent, 'source' | 'tags'>): string {
  const name = source === 'wsus' ? (tags?.[WSUS_SERVER_TAG] ?? '') : '';
  return NAME.test(name) ? name : '';
}
