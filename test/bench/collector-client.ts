import { Agent, request } from 'node:http';

/** Posts bodies to one collector over connections that are kept. */
export interface CollectorClient {
  /** @returns rows accepted. @throws Error for every status but 202, and for rejected rows */
  post(body: Buffer, token: string): Promise<number>;
  close(): void;
}

export function connectCollector(port: number, connections: number): CollectorClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    post: (body, token) =>
      new Promise((resolve, reject) => {
        const sent = request(
          {
            agent,
            host: '127.0.0.1',
            port,
            method: 'POST',
            path: '/v1/attempts',
            headers: {
              authorization: `Bearer ${token}`,
              'content-type': 'application/x-ndjson',
              'content-encoding': 'gzip',
              'content-length': body.length,
            },
          },
          (response) => {
            let text = '';
            response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
            response.on('end', () => {
              if (response.statusCode === 202) resolve(acceptedAll(text));
              else reject(new Error(`the collector answered ${response.statusCode ?? 0}: ${text}`));
            });
            response.on('error', reject);
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => {
      agent.destroy();
    },
  };
}

function acceptedAll(text: string): number {
  const { accepted, rejected } = JSON.parse(text) as { accepted: number; rejected: readonly unknown[] };
  if (rejected.length > 0) throw new Error(`rows were rejected: ${JSON.stringify(rejected[0])}`);
  return accepted;
}
