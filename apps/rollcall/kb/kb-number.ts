import { CommandFailure, EXIT } from '../exit-codes.js';

/** `KB5041578` for any spelling of it. @throws CommandFailure (wrong usage) for a text that is no KB */
export function kbNumber(text: string): string {
  const digits = /^\s*(?:KB)?(\d{6,8})\s*$/i.exec(text)?.[1];
  if (digits === undefined)
    throw new CommandFailure(EXIT.usage, `"${text}" is no KB: expected KB and 6 to 8 digits`);
  return `KB${digits}`;
}
