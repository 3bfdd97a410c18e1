import type { EventLog, LogUnavailableError } from '#event-log/event-log.js';
import type { KafkaAddress } from '#event-log/log-address.js';
import { lastingTroubleOf, unavailable } from './kafka-errors.js';

/** Told what the log mends by itself, for an operator's eyes. */
type OnTrouble = (trouble: LogUnavailableError) => void;

/**
 * Opens the log on these brokers. Brokers that are away are no reason to fail: appends are refused until they are back.
 * @throws Error for a file that cannot be read; LogUnavailableError for what only a change of configuration cures
 */
export async function openKafkaEventLog(
  address: KafkaAddress,
  onTrouble: OnTrouble = () => undefined,
): Promise<EventLog> {
  // Loaded only where there is a Kafka: the client takes memory and time that one machine does not need.
  const { KafkaEventLog } = await import('./kafka-event-log.js');
  const log = new KafkaEventLog(address, onTrouble);
  try {
    await log.endOffsets('patch.admin');
  } catch (error) {
    if (lastingTroubleOf(error) === null) onTrouble(unavailable('Kafka does not answer yet', error));
    else {
      await log.close();
      throw error;
    }
  }
  return log;
}
