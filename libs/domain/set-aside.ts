import { z } from 'zod';
import { codeSchema, instantSchema, naturalKeySchema } from './attempt-event.js';
import { isInstant, toUtcInstant } from './instant.js';

/** A value put into the schema's own words, and what had no place in it. */
export interface SetAside {
  readonly value: unknown;
  /** By dotted path: unknown fields, and words outside a closed list, as sent. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/**
 * Puts `value` into the form of `schema` where that needs no guess: an empty optional field is left out, unknown
 * fields are set aside, a word outside a closed list that has `unknown` becomes `unknown` (the word is set aside),
 * codes get lower-case digits, instants become UTC. All else stays as it is and is judged by the schema afterwards.
 */
export function setAsideUnknown(schema: z.ZodType, value: unknown): SetAside {
  const aside = new Map<string, unknown>();
  const result = conform(schema, value, '', aside);
  return { value: result, extra: Object.fromEntries(aside) };
}

function conform(schema: z.ZodType, value: unknown, path: string, aside: Map<string, unknown>): unknown {
  if (typeof value === 'string') return conformText(schema, value, path, aside);
  // A natural key is the source's own words and the input of the event id: whole or not at all.
  if (schema === naturalKeySchema || value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    if (!(schema instanceof z.ZodArray)) return value;
    const element = schema.element as z.ZodType;
    return value.map((item: unknown, index) => conform(unwrap(element), item, `${path}.${index}`, aside));
  }
  if (schema instanceof z.ZodRecord) return withoutNulls(value);
  return schema instanceof z.ZodObject ? conformObject(schema, value, path, aside) : value;
}

/** No member of a free map has to be there, so null says nothing in it either. */
const withoutNulls = (map: object): object =>
  Object.fromEntries(Object.entries(map).filter(([, member]) => member !== null));

function conformObject(
  schema: z.ZodObject,
  value: object,
  path: string,
  aside: Map<string, unknown>,
): unknown {
  const members: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const at = path === '' ? name : `${path}.${name}`;
    if (Object.hasOwn(schema.shape, name)) {
      const memberSchema = schema.shape[name] as z.ZodType;
      if (memberSchema instanceof z.ZodOptional && isEmpty(memberSchema.unwrap() as z.ZodType, member))
        continue;
      members.push([name, conform(unwrap(memberSchema), member, at, aside)]);
    } else aside.set(at, member);
  }
  return Object.fromEntries(members);
}

/**
 * True for how senders write "not given" into an optional field: null (PowerShell's ConvertTo-Json), unless null has a
 * meaning of its own there, and the empty text where a text is expected.
 */
function isEmpty(schema: z.ZodType, member: unknown): boolean {
  if (member === null) return !(schema instanceof z.ZodNullable);
  return member === '' && isText(unwrap(schema));
}

const TEXTS = [z.ZodString, z.ZodStringFormat, z.ZodEnum, z.ZodLiteral] as const;
const isText = (schema: z.ZodType): boolean => TEXTS.some((kind) => schema instanceof kind);

function conformText(schema: z.ZodType, text: string, path: string, aside: Map<string, unknown>): string {
  if (schema === codeSchema) return /^0[xX][0-9a-fA-F]{8}$/.test(text) ? text.toLowerCase() : text;
  if (schema === instantSchema) return isInstant(text) ? toUtcInstant(text) : text;
  if (schema instanceof z.ZodEnum && schema.options.includes('unknown') && !schema.options.includes(text)) {
    aside.set(path, text);
    return 'unknown';
  }
  return text;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodReadonly) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}
