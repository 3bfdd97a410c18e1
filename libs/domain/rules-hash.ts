import { createHash } from 'node:crypto';
import { SCHEMA_VERSION } from './attempt-event.js';
import { KB_CATALOGUE_VERSION } from './kb/kb-catalogue.js';
import { SIGNATURE_VERSION } from './signature/signature.js';

/**
 * Raise it with every change that lets the same reports tell another history (attempts, episodes, supersession,
 * stages, links). Views filled by other rules must be rebuilt, never mixed.
 */
const RULES_VERSION = 4;

/** What a filling of the store depends on besides the log. */
export const rulesHash: string = createHash('sha256')
  .update(JSON.stringify([RULES_VERSION, SIGNATURE_VERSION, SCHEMA_VERSION, KB_CATALOGUE_VERSION]))
  .digest('hex')
  .slice(0, 16);
