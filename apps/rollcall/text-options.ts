import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';

/** A commander parser for text of one form: what a schema refuses is wrong usage, said in the schema's words. */
export const matching =
  (schema: z.ZodType<string>) =>
  (text: string): string => {
    const result = schema.safeParse(text);
    if (result.success) return result.data;
    throw new InvalidArgumentError(`${result.error.issues.map(({ message }) => message).join('; ')}.`);
  };
