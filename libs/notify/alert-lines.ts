import type { Notification } from '#domain/alerts/alert-notification.js';
import type { AlertLanguage } from '#domain/alerts/alert-text.js';

/** One line that says which alert this is, in no language: `PAGE raised · bank-a · 0x80071ab1 · KB5041578`. */
export function alertSubject(notification: Notification): string {
  const { tier, kind, bank } = notification;
  const about = aboutOf(notification).filter((word) => word !== bank);
  return [`${tier.toUpperCase()} ${kind}`, ...(bank === null ? [] : [bank]), ...about].join(' · ');
}

function aboutOf(notification: Notification): string[] {
  switch (notification.about) {
    case 'incident':
      return [notification.signature.l1, notification.kb];
    case 'health':
      return [notification.condition, notification.subject];
    case 'test':
      return ['test'];
  }
}

/** What a person reads in one language, a paragraph each. */
export function alertLines(notification: Notification, language: AlertLanguage): string[] {
  const { text, details, nextStep } = notification[language];
  return [text, ...details, nextStep, `${notification.alertId} · ${notification.deliveryId}`];
}
