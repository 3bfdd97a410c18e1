import type { AttemptStoreWriter } from '#attempt-store/attempt-store.js';
import { alertViewOf } from '#domain/alerts/alert-view.js';
import { symbolOf } from '#domain/codes/code-symbols.js';
import type { EventLog } from '#event-log/event-log.js';
import { AlertLog } from '#event-log/alert-log.js';

/** Writes the views of all alerts as topic `patch.alerts` tells them: for a generation that is being rebuilt. Raises and delivers nothing. */
export async function projectAlerts(
  log: EventLog,
  store: Pick<AttemptStoreWriter, 'writeAlerts'>,
): Promise<void> {
  const { alerts } = await new AlertLog(log, () => undefined).refresh();
  if (alerts.size === 0) return;
  await store.writeAlerts([...alerts.values()].map((alert) => alertViewOf(alert, 'en', symbolOf)));
}
