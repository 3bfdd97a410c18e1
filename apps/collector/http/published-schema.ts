type Schema = Readonly<Record<string, unknown>>;

const NOTHING = 'null or an empty text: not given';
const OTHER_WORD = 'any other word counts as unknown and is kept';

/**
 * The schema of a report in its own words → what senders may write, as `normalise-report.ts` takes it: null (and an
 * empty text) in an optional field, words that a list with `unknown` lacks, and fields that nobody knows.
 */
export function asSendersMayWrite(schema: Schema): Schema {
  const { properties, required, items, additionalProperties, ...rest } = schema;
  if (items !== undefined) return { ...rest, items: asSendersMayWrite(items as Schema) };
  if (properties === undefined) return withOtherWords(schema);
  const needed = new Set(required as readonly string[] | undefined);
  const opened = Object.entries(properties as Readonly<Record<string, Schema>>).map(([name, member]) => {
    const taken = asSendersMayWrite(member);
    return [name, needed.has(name) ? taken : orNothing(member, taken)] as const;
  });
  return {
    ...rest,
    ...(required === undefined ? {} : { required }),
    ...(additionalProperties === false || additionalProperties === undefined ? {} : { additionalProperties }),
    properties: Object.fromEntries(opened),
  };
}

function withOtherWords(schema: Schema): Schema {
  const words = schema['enum'] as readonly unknown[] | undefined;
  if (!words?.includes('unknown')) return schema;
  return { anyOf: [schema, { type: 'string', description: OTHER_WORD }] };
}

function orNothing(member: Schema, taken: Schema): Schema {
  return { anyOf: [taken, { enum: isText(member) ? [null, ''] : [null], description: NOTHING }] };
}

const isText = ({ type, anyOf }: Schema): boolean =>
  type === 'string' || ((anyOf ?? []) as readonly Schema[]).some(isText);

/** At least one of the fields is given. */
export const anyGiven = (...fields: readonly string[]): Schema => ({
  anyOf: fields.map((field) => ({
    required: [field],
    properties: { [field]: { not: { enum: [null, ''] } } },
  })),
});
