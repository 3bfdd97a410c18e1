import { z } from 'zod';

/** What attempts are grouped under: a KB number, or the update or package itself while no KB is known for it. */
export const kbKeySchema = z
  .string()
  .regex(/^(KB\d{6,8}|(update|package):\S.{0,590})$/, 'expected KB and 6 to 8 digits, update:… or package:…');
