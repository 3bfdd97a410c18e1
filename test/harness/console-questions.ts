import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cohort, StoreStatus } from '#attempt-store/attempt-store.js';

const RETRY_MS = 200;
const RETRIED_MS = 30_000;

/** The console of the installation on a data directory, asked over HTTP with the operator's token. */
export class ConsoleQuestions {
  constructor(private readonly data: string) {}

  async status(bank: string): Promise<StoreStatus> {
    return (await this.ask(`status?bank=${bank}`)) as StoreStatus;
  }

  async cohorts(bank: string): Promise<readonly Cohort[]> {
    return (await this.list(`cohorts?bank=${bank}`)) as readonly Cohort[];
  }

  /** Every item of a list, page by page; `path` with at least one parameter. */
  async list(path: string): Promise<readonly unknown[]> {
    const items: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const from = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await this.ask(`${path}&limit=1000${from}`)) as {
        readonly items: readonly unknown[];
        readonly nextCursor: string | null;
      };
      items.push(...page.items);
      cursor = page.nextCursor;
    }
    return items;
  }

  private async ask(path: string): Promise<unknown> {
    const { ports } = JSON.parse(readFileSync(join(this.data, 'running.json'), 'utf8')) as {
      readonly ports: { readonly console: number };
    };
    const token = readFileSync(join(this.data, 'operator-token'), 'utf8').trim();
    const url = `http://127.0.0.1:${ports.console}/api/v1/${path}`;
    const headers = { authorization: `Bearer ${token}` };
    const since = performance.now();
    for (;;) {
      const response = await fetch(url, { headers, signal: AbortSignal.timeout(120_000) });
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as unknown;
      // The store is away for a second while the engine learns of a new bank; a caller is asked to come again.
      const isForNow = response.status === 503 && performance.now() - since < RETRIED_MS;
      if (!isForNow) throw new Error(`${path}: ${response.status} ${text}`);
      await sleep(RETRY_MS);
    }
  }
}
