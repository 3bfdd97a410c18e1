import { connectCollector } from './collector-client.js';
import type { Product } from './installation.js';
import { ROWS_PER_REQUEST } from './request-bodies.js';

/** Sends at a fixed rate, in equal steps, until `stop`; what is late is made up for. Stop fails when a request did. */
export function sendPaced(
  product: Product,
  tokens: readonly string[],
  bodies: readonly Buffer[],
  firstRequest: number,
  rowsPerSecond: number,
): { stop: () => Promise<{ requests: number; perSecond: number }> } {
  const client = connectCollector(product.collectorPort, tokens.length);
  const everyMs = (ROWS_PER_REQUEST / rowsPerSecond) * 1_000;
  const startMs = performance.now();
  const inFlight = new Set<Promise<unknown>>();
  let failure: unknown = null;
  let requests = 0;
  const timer = setInterval(() => {
    while (failure === null && requests * everyMs < performance.now() - startMs) {
      const number = firstRequest + requests++;
      const body = bodies[Math.floor(number / tokens.length) % bodies.length] ?? Buffer.alloc(0);
      const sent = client.post(body, tokens[number % tokens.length] ?? '').catch((error: unknown) => {
        failure = error;
      });
      inFlight.add(sent);
      void sent.finally(() => inFlight.delete(sent));
    }
  }, everyMs / 4);
  return {
    stop: async () => {
      clearInterval(timer);
      const seconds = (performance.now() - startMs) / 1_000;
      await Promise.all(inFlight);
      client.close();
      if (failure !== null) throw failure as Error;
      return { requests, perSecond: (requests * ROWS_PER_REQUEST) / seconds };
    },
  };
}
