import { pendingDeliveries } from '#domain/alerts/alerts-state.js';
import { AlertLog } from '#event-log/alert-log.js';
import type { EventLog } from '#event-log/event-log.js';
import { formatTime } from '../output.js';
import { ok, warning, wrong } from './finding.js';
import type { Finding } from './finding.js';

/**
 * Whether alerts reach their channels, and what the dead-man's switch says, as the log tells it. No receiver is
 * contacted: that would wake somebody; it says how to.
 * @param configured channels that this environment configures; the running Rollcall may have others
 */
export async function checkDelivery(log: EventLog, configured: readonly string[]): Promise<Finding[]> {
  const state = await new AlertLog(log, () => undefined).refresh();
  const owed = new Map<string, number>();
  for (const { channel } of pendingDeliveries(state)) owed.set(channel, (owed.get(channel) ?? 0) + 1);
  const waiting = [...owed].map(([channel, count]) => `${channel} ${count}`).join(', ');
  const [channel] = owed.keys();
  const delivery =
    channel === undefined
      ? ok('alert delivery', `nothing is owed to any channel; ${howToTry(configured)}`)
      : warning(
          'alert delivery',
          `still owed: ${waiting}`,
          `try the channel: rollcall notify test ${channel}`,
        );
  const open = [...state.health.values()].filter(({ resolvedAtMs }) => resolvedAtMs === null);
  return [
    delivery,
    ...open.map(({ condition, subject, sinceMs }) => {
      const detail = `${condition.replace('_', ' ')}: ${subject}, since ${formatTime(new Date(sinceMs).toISOString())}`;
      return wrong("dead-man's switch", detail, 'it is told to every channel, and resolves by itself');
    }),
  ];
}

const howToTry = (configured: readonly string[]): string =>
  configured.length === 0
    ? 'no channel is configured in this environment: with the variables of "rollcall up", rollcall notify test CHANNEL tries one'
    : `try one with a test message: rollcall notify test ${configured.join(' | ')}`;
