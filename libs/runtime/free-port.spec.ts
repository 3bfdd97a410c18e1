import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { freePort, isPortFree, releasePort } from './free-port.js';

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

  it('keeps a port from others until it is released', async () => {
    const port = await freePort();
    const another = async () => {
      const socket = createSocket('udp4').bind({ port, address: '127.0.0.1' });
      try {
        return await once(socket, 'listening').then(
          () => 'given',
          () => 'held',
        );
      } finally {
        socket.close();
      }
    };
    expect(await another()).toBe('held');
    releasePort(port);
    expect(await another()).toBe('given');
  });

  it('tells a port that is taken', async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    expect(await isPortFree((server.address() as AddressInfo).port)).toBe(false);
  });
});
