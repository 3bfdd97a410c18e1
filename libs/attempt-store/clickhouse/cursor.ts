/** The cursor does not come from this question. The caller answers 400. */
export class CursorError extends Error {
  override readonly name = 'CursorError';
}

/** Where the last page ended: the sort values of its last row. Opaque to callers. */
export const encodeCursor = (values: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify(values)).toString('base64url');

/**
 * Values of a cursor made by `encodeCursor`.
 * @throws CursorError when it is none, or of another question
 */
export function decodeCursor(cursor: string, length: number): (string | number)[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const wellFormed =
      Array.isArray(values) &&
      values.length === length &&
      values.every((value) => typeof value === 'string' || typeof value === 'number');
    if (wellFormed) return values;
  } catch {
    // Falls through to the one error there is.
  }
  throw new CursorError('the cursor is not one of this list; leave it out to begin anew');
}
