import { createRequire } from 'node:module';
import type { ISocketFactory } from 'kafkajs';

/**
 * kafkajs' own sockets. While a broker is away it lets go of a socket that has ended again and again (`unref`), and each
 * time Node adds a listener for a connection that never comes: a warning, and memory for as long as the broker is away.
 */
export function createSockets(): ISocketFactory {
  const require = createRequire(import.meta.url);
  const factory = (require('kafkajs/src/network/socketFactory') as () => ISocketFactory)();
  return (options) => {
    const socket = factory(options);
    const unref = socket.unref.bind(socket);
    socket.unref = () => (socket.destroyed ? socket : unref());
    return socket;
  };
}
