import data from './wrapper-codes.json' with { type: 'json' };

/** Code → its symbolic name, of codes that name no cause (see the data beside this file). */
export const WRAPPER_CODES: ReadonlyMap<string, string> = new Map(
  data.codes.map(({ code, symbol }) => [code, symbol]),
);

export const isWrapperCode = (code: string): boolean => WRAPPER_CODES.has(code);
