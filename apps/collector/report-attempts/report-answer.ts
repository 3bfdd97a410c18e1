import { z } from 'zod';

/** The answer of `POST /v1/attempts` when the body could be read: what was taken and, row by row, what was not. */
export const reportAnswerSchema = z.strictObject({
  status: z.union([z.literal(202), z.literal(422)]),
  body: z.strictObject({
    /** Durable in the log, copies of what it already held included. */
    accepted: z.number().int().nonnegative(),
    rejected: z.array(
      z.strictObject({
        /** Position in the array, or line − 1. */
        index: z.number().int().nonnegative(),
        /** Dotted path of the field; '' = the whole row. */
        path: z.string(),
        code: z.string(),
        message: z.string(),
      }),
    ),
  }),
});
export type ReportAnswer = z.output<typeof reportAnswerSchema>;
