import type { KafkaMessage } from 'kafkajs';
import type { LogRecord } from '#event-log/event-log.js';

const NOTHING = Buffer.alloc(0);

/** A message as the port shows it; also one that somebody else wrote, without key or value. */
export function toRecord({ offset, key, value, headers, timestamp }: KafkaMessage): LogRecord {
  return {
    offset: Number(offset),
    key: key?.toString('utf8') ?? '',
    value: value ?? NOTHING,
    headers: headers === undefined ? {} : textsOf(headers),
    appendedAtMs: Number(timestamp),
  };
}

function textsOf(headers: NonNullable<KafkaMessage['headers']>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const last = Array.isArray(value) ? value.at(-1) : value;
    if (last !== undefined) texts[name] = last.toString('utf8');
  }
  return texts;
}
