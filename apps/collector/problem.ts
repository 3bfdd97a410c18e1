import { STATUS_CODES } from 'node:http';

export type ProblemStatus = 400 | 401 | 403 | 413 | 415 | 422 | 429 | 503;

/** A request that is answered with an error. Thrown on the way, written as RFC 9457 by `problem-filter.ts`. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: ProblemStatus,
    /** One word for programs, stable: `draining`, `broken_json`, … */
    readonly code: string,
    /** What is wrong, where, and what to do, for people. */
    readonly detail: string,
    /** Further headers, such as `retry-after` (s). */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }

  /** The body of `application/problem+json`. */
  toBody() {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.detail,
      code: this.code,
    };
  }
}

/** 429 or 503 with `Retry-After` in whole seconds, spread so that senders do not come back all at once. */
export function tryLater(status: 429 | 503, code: string, detail: string, afterSeconds: number): Problem {
  const spread = Math.ceil(afterSeconds * (1 + Math.random()));
  return new Problem(status, code, detail, { 'retry-after': String(Math.max(1, spread)) });
}
