export interface CollectorAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Posts reports as NDJSON, or a body as it is. Rejects when the connection breaks. */
export async function postReports(
  url: string,
  token: string,
  body: readonly unknown[] | Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<CollectorAnswer> {
  const isBytes = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(`${url}/v1/attempts`, {
    method: 'POST',
    body: isBytes ? body : body.map((row) => `${JSON.stringify(row)}\n`).join(''),
    headers: { 'content-type': 'application/x-ndjson', authorization: `Bearer ${token}`, ...headers },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : (JSON.parse(text) as unknown),
  };
}
