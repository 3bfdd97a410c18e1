import { z } from 'zod';
import { logAddressOf, logVariables } from '#event-log/log-address.js';
import type { KafkaAddress } from '#event-log/log-address.js';

/** What an app makes of these variables. */
export function kafkaAddressOf(log: string, variables: NodeJS.ProcessEnv = {}): KafkaAddress {
  const address = logAddressOf(z.object(logVariables).parse({ ROLLCALL_LOG: log, ...variables }));
  if (address.kind !== 'kafka') throw new Error(`no Kafka: ${log}`);
  return address;
}
