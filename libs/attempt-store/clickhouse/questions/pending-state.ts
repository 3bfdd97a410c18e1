/** SQL: a package state as any source writes it is Install Pending; the words are those of `package-state.ts`. */
export const isPending = (state: string): string =>
  `(replaceRegexpAll(replaceRegexpOne(lower(${state}), '^cbsinstallstate', ''), '[\\\\s_-]', '') = 'installpending' OR lower(${state}) IN ('0x60', '0x00000060', '96', '5096'))`;
