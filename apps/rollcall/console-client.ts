import { existsSync, readFileSync } from 'node:fs';
import type { LearningBank } from '#domain/spikes/learning.js';
import { openDataDirectory } from '#runtime/data-directory.js';
import type { ConnectionOptions } from './connection-options.js';
import { CommandFailure, EXIT } from './exit-codes.js';
import { readRunning } from './up/running-file.js';

/** A page of a list question. */
export interface ListAnswer<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
  readonly generation: string;
  readonly asOf: string | null;
  /** Of alerts only: banks whose alerts are provisional. */
  readonly learning?: readonly LearningBank[];
}

export type QueryValues = Readonly<Record<string, string | number | undefined>>;

/** Asks a console's HTTP API on behalf of one command. */
export interface ConsoleClient {
  /** @throws CommandFailure with exit code 3 when the thing is not known, 1 otherwise */
  get<T>(path: string, query?: QueryValues): Promise<T>;
  /** Has something done. @throws CommandFailure as `get` does */
  send<T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T>;
  /** Items of a list over its pages, at most `limit`, from `query.cursor` on. */
  list<T>(path: string, query: QueryValues, limit: number): Promise<ListAnswer<T>>;
}

const PAGE_LIMIT = 500;

/**
 * A client of the console named by `--url`, else of the one that runs on `--data`.
 * @throws CommandFailure when nothing runs there or no token is at hand
 */
export function connectConsole(options: ConnectionOptions): ConsoleClient {
  const base = options.url ?? localConsoleUrl(options.data);
  const token = findToken(options);
  const ask = async <T>(path: string, query: QueryValues, request: RequestInit): Promise<T> => {
    const url = new URL(`api/v1/${path}`, base.endsWith('/') ? base : `${base}/`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
    }
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(url, { ...request, headers }).catch((error: unknown) => {
      throw new CommandFailure(
        EXIT.failed,
        `no answer from ${url.origin}; is Rollcall running? (rollcall doctor)`,
        {
          cause: error,
        },
      );
    });
    if (response.ok) return (await response.json()) as T;
    const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
    const said = problem.detail ?? problem.title ?? response.statusText;
    throw new CommandFailure(
      response.status === 404 ? EXIT.notKnown : EXIT.failed,
      `${response.status}: ${said}`,
    );
  };
  const get = <T>(path: string, query: QueryValues = {}): Promise<T> => ask(path, query, {});
  const send = <T>(method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> => {
    const content = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    return ask(path, {}, { method, ...(body === undefined ? {} : content) });
  };
  const list = async <T>(path: string, query: QueryValues, limit: number): Promise<ListAnswer<T>> => {
    const items: T[] = [];
    let { cursor } = query;
    for (;;) {
      const pageLimit = Math.min(PAGE_LIMIT, limit - items.length);
      const page = await get<ListAnswer<T>>(path, { ...query, cursor, limit: pageLimit });
      items.push(...page.items);
      if (page.nextCursor === null || items.length >= limit) return { ...page, items };
      cursor = page.nextCursor;
    }
  };
  return { get, send, list };
}

function localConsoleUrl(data: string): string {
  const running = existsSync(data) ? readRunning(openDataDirectory(data).running) : null;
  if (running) return `http://127.0.0.1:${running.ports.console}`;
  throw new CommandFailure(
    EXIT.failed,
    `Rollcall does not run on ${data}: start it with "rollcall up --data ${data}", or name another with --data or --url`,
  );
}

function findToken(options: ConnectionOptions): string {
  const given = options.token ?? process.env['ROLLCALL_TOKEN'];
  if (given) return given;
  if (options.url) throw new CommandFailure(EXIT.usage, '--url needs --token (or ROLLCALL_TOKEN)');
  const { operatorToken } = openDataDirectory(options.data);
  if (existsSync(operatorToken)) return readFileSync(operatorToken, 'utf8').trim();
  throw new CommandFailure(
    EXIT.failed,
    `there is no operator token in ${options.data}; give one with --token`,
  );
}
