import { adminEventSchema, evolveAdmin, initialAdminState } from '#domain/admin.js';
import type { AdminEvent, AdminState } from '#domain/admin.js';
import type { EventLog } from './event-log.js';

const ADMIN_TOPIC = 'patch.admin';
const READ_AT_ONCE = 1_000;
/** While the log does not answer, what was read last holds so long: a revoked token lives no longer (contract: 30 s). */
export const MOST_AGE_MS = 30_000;

/** The state that the events of `patch.admin` tell: banks, credentials, live generation. Reads only what is new. */
export class AdminReader {
  private state: AdminState = initialAdminState;
  private nextOffset = 0;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private reading: Promise<void> | null = null;

  constructor(
    private readonly log: EventLog,
    /** A revoked token may still be taken this long. */
    private readonly maxAgeMs: number,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * The state, at most `maxAgeMs` old, or 30 s while the log does not answer.
   * @throws LogUnavailableError when it is older and the log does not answer
   */
  async current(): Promise<AdminState> {
    if (this.ageMs <= this.maxAgeMs) return this.state;
    try {
      return await this.refresh();
    } catch (error) {
      if (this.ageMs <= MOST_AGE_MS) return this.state;
      throw error;
    }
  }

  /** Reads to the end of the topic now. @throws LogUnavailableError */
  async refresh(): Promise<AdminState> {
    this.reading ??= this.readOn().finally(() => (this.reading = null));
    await this.reading;
    return this.state;
  }

  private get ageMs(): number {
    return this.nowMs() - this.readAtMs;
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const records = await this.log.readRange(ADMIN_TOPIC, 0, this.nextOffset, READ_AT_ONCE);
      for (const record of records) {
        const event = readAdminEvent(record.value);
        if (event) this.state = evolveAdmin(this.state, event);
        this.nextOffset = record.offset + 1;
      }
      if (records.length < READ_AT_ONCE) break;
    }
    this.readAtMs = this.nowMs();
  }
}

/** null when it is not an event of ours: one bad message must not keep everybody's credentials from being read. */
function readAdminEvent(value: Buffer): AdminEvent | null {
  try {
    return adminEventSchema.safeParse(JSON.parse(value.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/** Appends one admin event; resolves when it is durable. */
export async function appendAdminEvent(log: EventLog, event: AdminEvent): Promise<void> {
  await log.append(ADMIN_TOPIC, [{ key: 'admin', value: Buffer.from(JSON.stringify(event)) }]);
}
