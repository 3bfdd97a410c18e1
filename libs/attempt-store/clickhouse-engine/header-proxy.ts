import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * A reverse proxy between clients and the engine.
 *
 * The engine ends as a whole when a client resets in the middle of a request header. Node reads a header whole before
 * we see the request, so only complete headers go through. Bodies stream both ways; a client who goes away takes his
 * engine connection with him, which makes the engine cancel his reading query.
 */
export interface HeaderProxy {
  readonly port: number;
  /** Sends requests to the engine on this loopback port; null = answer 503 until there is one again. */
  direct(enginePort: number | null): void;
  /** Keeps requests until `direct` says where they go, for at most `HOLD_MS`: an engine that is exchanged is not missed. */
  hold(): void;
  /** Stops listening and ends what is still open. */
  close(): Promise<void>;
}

export interface HeaderProxyOptions {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
}

const MAX_HEADER_BYTES = 128 * 1024;
const MAX_CONNECTIONS = 512;
const HEADER_TIMEOUT_MS = 10_000;
/** A whole request, body included. A batch of the projector takes seconds. */
const REQUEST_TIMEOUT_MS = 300_000;
/** No byte of a body for so long: the client hangs. */
const BODY_IDLE_MS = 60_000;
const IDLE_CONNECTION_MS = 25_000;

/** An engine starts in half a second to three; a client that waits for longer should hear why. */
const HOLD_MS = 15_000;

/** Headers that belong to one connection, not to the request (RFC 9110 §7.6.1), and what Node answers itself. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'expect']);

/** @throws the listening error of Node (`EADDRINUSE`, `EACCES` …) */
export async function startHeaderProxy(options: HeaderProxyOptions): Promise<HeaderProxy> {
  let upstream: Upstream | null = null;
  let held: { readonly requests: (() => void)[]; readonly limit: NodeJS.Timeout } | null = null;
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    if (outgoing.destroyed) return; // the client went away while it waited
    if (upstream !== null) forward(incoming, outgoing, upstream);
    else if (held === null) answerUnavailable(outgoing, 'ClickHouse is starting or stopping');
    else {
      held.requests.push(() => {
        serve(incoming, outgoing);
      });
    }
  };
  const direct = (enginePort: number | null): void => {
    upstream?.retire();
    upstream = enginePort === null ? null : connectUpstream(enginePort);
    const { requests = [], limit } = held ?? {};
    clearTimeout(limit);
    held = null;
    for (const serveNow of requests) serveNow();
  };
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADER_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: IDLE_CONNECTION_MS,
    },
    (incoming, outgoing) => {
      watchBody(incoming);
      if (!isServed(incoming.url ?? '')) answerNotFound(outgoing);
      else serve(incoming, outgoing);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const port = await listen(server, options);
  return {
    port,
    direct,
    hold() {
      direct(null);
      const limit = setTimeout(direct, HOLD_MS, null);
      held = { requests: [], limit };
    },
    async close() {
      direct(null);
      const closed = new Promise<void>((resolve) =>
        server.close(() => {
          resolve();
        }),
      );
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Upstream {
  readonly port: number;
  readonly agent: Agent;
  /** Ends idle connections now and the others after their request: an engine that stops waits for idle ones. */
  retire(): void;
}

function connectUpstream(port: number): Upstream {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_CONNECTIONS,
    maxFreeSockets: 32,
    scheduling: 'lifo',
  });
  return {
    port,
    agent,
    retire() {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    },
  };
}

function listen(server: Server, { host, port }: HeaderProxyOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Queries and the two health addresses; not `/play`, `/dashboard` and the like. */
const isServed = (url: string): boolean =>
  /^\/(\?|$)/.test(url) || url === '/ping' || url === '/replicas_status';

function watchBody(incoming: IncomingMessage): void {
  const { socket } = incoming;
  socket.setTimeout(BODY_IDLE_MS); // Node ends the connection then
  incoming.once('end', () => {
    socket.setTimeout(0); // from here on it is the engine that may be slow
  });
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse, upstream: Upstream): void {
  const call = request({
    agent: upstream.agent,
    host: '127.0.0.1',
    port: upstream.port,
    method: incoming.method,
    path: incoming.url,
    headers: withoutHopHeaders(incoming.rawHeaders),
  });
  const breakOff = (error: NodeJS.ErrnoException): void => {
    // An answer that breaks off says what went wrong in its last bytes: send those, then break off as well.
    if (outgoing.headersSent) outgoing.socket?.destroySoon();
    else answerUnavailable(outgoing, `ClickHouse did not answer (${error.code ?? error.message})`);
  };
  call.on('error', breakOff);
  call.on('response', (answer) => {
    answer.on('error', breakOff);
    // An engine that was killed between its header and the first byte of its body has not answered. `readable` comes
    // with that byte, or with the end of an answer that has none.
    answer.once('readable', () => {
      outgoing.writeHead(answer.statusCode ?? 502, withoutHopHeaders(answer.rawHeaders));
      answer.pipe(outgoing);
    });
  });
  incoming.on('error', () => call.destroy());
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) call.destroy();
  });
  incoming.pipe(call);
}

function withoutHopHeaders(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!HOP_HEADERS.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

function answerNotFound(outgoing: ServerResponse): void {
  outgoing.writeHead(404, { 'Content-Type': 'text/plain; charset=UTF-8', Connection: 'close' });
  outgoing.end('There is no such address. Queries go to /, health checks to /ping.\n');
}

/** In the words of ClickHouse (code 210, NETWORK_ERROR), so that its clients see a typed error that may pass. */
function answerUnavailable(outgoing: ServerResponse, reason: string): void {
  outgoing.writeHead(503, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Exception-Code': '210',
    'Retry-After': '1',
    Connection: 'close',
  });
  outgoing.end(`Code: 210. DB::NetException: ${reason}; try again. (NETWORK_ERROR)\n`);
}
