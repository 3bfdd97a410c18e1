import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from './notifier.js';

/** How patient a channel is; every field has a default. */
export interface Patience {
  /** How long one request may take, until the answer's end. */
  readonly timeoutMs?: number;
  readonly tries?: number;
  /** Wait before the second try; doubled for each further one. */
  readonly backoffMs?: number;
  /** A `Retry-After` is honoured up to this. */
  readonly maxWaitMs?: number;
}

/** What became of one request. */
export interface Answer {
  readonly taken: boolean;
  /** Waiting may mend it. */
  readonly again: boolean;
  /** What `Retry-After` asks for; null = it does not. */
  readonly waitMs: number | null;
  /** For people; without addresses and secrets. */
  readonly said: string;
}

export interface Post {
  /** Whom the errors name: the channel and its host, never the path, which may be a secret. */
  readonly receiver: string;
  /** Made anew for each try: some signatures hold the time. */
  readonly request: () => { readonly url: string; readonly headers: Readonly<Record<string, string>> };
  readonly body: string;
  /** Judges an answer; default: by its status alone. */
  readonly judge?: (response: Response) => Promise<Answer>;
}

const DEFAULTS = { timeoutMs: 10_000, tries: 4, backoffMs: 1_000, maxWaitMs: 60_000 } as const;

/**
 * POSTs JSON until it is taken. Timeouts, broken connections, 408, 429 and 5xx are tried again; every other answer is a
 * refusal that waiting does not mend. Redirects are refused: an alert goes where it was meant to go or nowhere.
 * @throws DeliveryError when it was not taken
 */
export async function postUntilTaken(
  { receiver, request, body, judge = judgeByStatus }: Post,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { timeoutMs, tries, backoffMs, maxWaitMs } = { ...DEFAULTS, ...patience };
  const post = async (): Promise<Answer> => {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const { url, headers } = request();
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      return await judge(response);
    } catch (error) {
      if (signal?.aborted) throw new DeliveryError('stopped while delivering', { cause: error });
      const said = timeout.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(error);
      return { taken: false, again: true, waitMs: null, said };
    }
  };
  for (let tried = 1; ; tried++) {
    const answer = await post();
    if (answer.taken) return;
    if (!answer.again || tried >= tries) {
      throw new DeliveryError(`${receiver} did not take it after ${tried} tries: ${answer.said}`, {
        refused: !answer.again,
      });
    }
    await pause(Math.min(answer.waitMs ?? backoffMs * 2 ** (tried - 1), maxWaitMs), signal);
  }
}

/** @throws DeliveryError when told to stop meanwhile */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(waitMs, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    throw new DeliveryError('stopped while waiting to deliver again', { cause: error });
  });
}

/** Any 2xx is taken. */
export async function judgeByStatus(response: Response): Promise<Answer> {
  await response.body?.cancel();
  const { status } = response;
  return {
    taken: response.ok,
    again: status === 408 || status === 429 || status >= 500,
    waitMs: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    said: `HTTP ${status}`,
  };
}

/** `Retry-After` in both its forms (RFC 9110): seconds, or an HTTP date. null = absent or unreadable. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}

/** The system's word for what broke, without the address: its path may be a secret. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as {
    readonly name?: unknown;
    readonly cause?: { readonly code?: unknown; readonly message?: unknown };
  };
  if (typeof cause?.code === 'string') return cause.code;
  // A port that fetch keeps for other protocols (https://fetch.spec.whatwg.org/#port-blocking).
  if (cause?.message === 'bad port') return 'this port is not allowed for HTTP';
  return typeof name === 'string' ? name : 'connection failed';
}
