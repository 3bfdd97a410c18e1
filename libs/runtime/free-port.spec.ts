import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { freePort, isPortFree } from './free-port.js';

const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
/** Linux's own default where it cannot be read. */
const firstOutgoing = existsSync(RANGE) ? Number(readFileSync(RANGE, 'utf8').split(/\s+/)[0]) : 32_768;

describe('freePort', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.close();
  });

  it('gives ports that a server can have and that no outgoing connection is given', async () => {
    for (let time = 0; time < 50; time += 1) {
      const port = await freePort();
      expect(await isPortFree(port)).toBe(true);
      expect(port).toBeGreaterThan(1_024);
      expect(port).toBeLessThan(firstOutgoing);
    }
  });

  it('tells a port that is taken', async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await isPortFree((server.address() as AddressInfo).port)).toBe(false);
  });
});
