import { expect, it } from '@jest/globals';
import { freePort } from '#runtime/free-port.js';
import { createSockets } from './ended-socket.js';

it('a socket that has ended can be let go again and again without piling up listeners', async () => {
  const port = await freePort();
  const socket = createSockets()({
    host: '127.0.0.1',
    port,
    ssl: undefined as never,
    onConnect: () => undefined,
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  const before = socket.listenerCount('connect');
  for (let times = 0; times < 20; times += 1) socket.unref();
  expect(socket.listenerCount('connect')).toBe(before);
});
