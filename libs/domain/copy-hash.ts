import { hash } from 'node:crypto';
import { attemptEventSchema } from './attempt-event.js';
import type { AttemptEvent } from './attempt-event.js';

/**
 * How a copy travelled. The delivery mode stays in the hash: it is part of the report, so two copies that differ in
 * it must differ here, or the choice between them would hang on their order.
 */
const TRAVEL_FIELDS: ReadonlySet<string> = new Set([
  'receivedAt',
  'collector',
  'schemaVersion',
  'deviceAliases',
  'eventType',
]);

/** From the schema, so that a new field cannot be forgotten; sorted, so that the order of keys means nothing. */
const FACT_FIELDS = (Object.keys(attemptEventSchema.unwrap().shape) as (keyof AttemptEvent)[])
  .filter((field) => !TRAVEL_FIELDS.has(field))
  .sort();

/** 64 bits: enough to tell copies of one event apart. */
const HASH_LENGTH = 16;

/**
 * Start of the SHA-256 (hex) of everything a copy says. Equal facts give equal hashes whatever the order of keys. The text under
 * the hash is not JSON but length-prefixed: it runs for every message and is never read back.
 */
export function copyHashOf(event: AttemptEvent): string {
  let text = '';
  for (const field of FACT_FIELDS) {
    const value = event[field];
    if (value !== undefined) text += `${field}=${spell(value)}`;
  }
  return hash('sha256', text, 'hex').slice(0, HASH_LENGTH);
}

function spell(value: unknown): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (value === null || typeof value !== 'object') return `${String(value)};`;
  if (Array.isArray(value)) return `[${value.map(spell).join('')}]`;
  let text = '{';
  for (const key of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member !== undefined) text += `${key.length}:${key}${spell(member)}`;
  }
  return `${text}}`;
}
