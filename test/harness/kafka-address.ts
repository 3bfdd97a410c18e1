import { logAddressOf, logVariablesSchema } from '#event-log/log-address.js';
import type { KafkaAddress } from '#event-log/log-address.js';

/** What an app makes of these variables. */
export function kafkaAddressOf(log: string, variables: NodeJS.ProcessEnv = {}): KafkaAddress {
  const address = logAddressOf(logVariablesSchema.parse({ ...variables, ROLLCALL_LOG: log }));
  if (address.kind !== 'kafka') throw new Error(`no Kafka: ${log}`);
  return address;
}
