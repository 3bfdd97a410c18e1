import { alertMessageSchema } from '#domain/alerts/alert-events.js';
import type { AlertEvent, AlertMessage } from '#domain/alerts/alert-events.js';
import { evolveAlerts, initialAlertsState } from '#domain/alerts/alerts-state.js';
import type { AlertsState } from '#domain/alerts/alerts-state.js';
import type { EventLog } from './event-log.js';

const TOPIC = 'patch.alerts';
const READ_AT_ONCE = 1_000;

/** What a decision is made of, given the state it is based on; null = nothing to say. */
export type Decide = (state: AlertsState) => Pick<AlertMessage, 'atMs' | 'events'> | null;

/**
 * The alerts as topic `patch.alerts` tells them, and the one way to add to it. Any number of writers may decide; the
 * log's order chooses between them, and nobody acts on a decision before having read it back.
 */
export class AlertLog {
  private current: AlertsState = initialAlertsState;
  private nextOffset = 0;
  /** Reads and decisions of this process, one after the other. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly log: EventLog,
    private readonly onUnreadable: (offset: number) => void,
  ) {}

  /** As last read. */
  get state(): AlertsState {
    return this.current;
  }

  /** Reads to the log's end. */
  async refresh(): Promise<AlertsState> {
    await this.inTurn(() => this.readToEnd());
    return this.current;
  }

  /**
   * Appends what `decide` says and reads it back; when another writer was faster, decides anew on what that one wrote.
   * @returns the accepted events, or null when there was nothing to say
   */
  decide(decide: Decide): Promise<readonly AlertEvent[] | null> {
    return this.inTurn(async () => {
      for (;;) {
        await this.readToEnd();
        const decision = decide(this.current);
        if (!decision) return null;
        const message: AlertMessage = { basedOn: this.current.version, ...decision };
        const value = Buffer.from(JSON.stringify(message));
        const [position] = await this.log.append(TOPIC, [{ key: 'alerts', value }]);
        if (position && (await this.readToEnd(position.offset))) return decision.events;
      }
    });
  }

  /** Whether the message at `ownOffset` was accepted. */
  private async readToEnd(ownOffset = -1): Promise<boolean> {
    let accepted = false;
    for (;;) {
      const records = await this.log.readRange(TOPIC, 0, this.nextOffset, READ_AT_ONCE);
      for (const { offset, value } of records) {
        const before = this.current;
        const message = readMessage(value);
        if (message) this.current = evolveAlerts(before, message);
        else this.onUnreadable(offset);
        if (offset === ownOffset) accepted = this.current !== before;
        this.nextOffset = offset + 1;
      }
      if (records.length < READ_AT_ONCE) return accepted;
    }
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}

/** null when it is not a message of ours: it is not accepted and the line goes on. */
function readMessage(value: Buffer): AlertMessage | null {
  try {
    return alertMessageSchema.safeParse(JSON.parse(value.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
