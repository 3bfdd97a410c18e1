/** An answer of ClickHouse over plain HTTP. */
export interface ClickHouseAnswer {
  readonly status: number;
  /** ClickHouse's error code; 0 = none. */
  readonly code: number;
  readonly text: string;
}

/** What is needed to ask: an engine of a test, or anything like it. */
export interface Asked {
  readonly url: string;
  readonly passwords: Readonly<Record<string, string>>;
}

/** Asks one statement with plain `fetch`; a refusal is an answer, not an exception. */
export async function askClickHouse(
  engine: Asked,
  user: string,
  sql: string,
  parameters = '',
): Promise<ClickHouseAnswer> {
  const response = await fetch(`${engine.url}/?${parameters}`, {
    method: 'POST',
    body: sql,
    headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': engine.passwords[user] ?? '' },
  });
  const text = await response.text();
  return {
    status: response.status,
    code: Number(response.headers.get('x-clickhouse-exception-code') ?? 0),
    text: text.replace(/\n$/, ''),
  };
}

/** The same, for statements that must succeed. */
export async function runClickHouse(engine: Asked, user: string, sql: string): Promise<string> {
  const { code, text } = await askClickHouse(engine, user, sql);
  if (code !== 0) throw new Error(`${sql}: ${text}`);
  return text;
}
