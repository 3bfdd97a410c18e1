/** Asks ClickHouse with bound parameters; one object a row, times as ISO UTC text. */
export type Ask = <T>(query: string, parameters: Readonly<Record<string, unknown>>) => Promise<T[]>;
