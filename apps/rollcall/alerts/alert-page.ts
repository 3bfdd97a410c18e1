import { formatTime, renderFacts, renderTable } from '../output.js';

interface Deed {
  readonly by: string;
  readonly note: string;
  readonly at: string;
}

/** A silence, as the console answers it. */
export interface SilenceView extends Deed {
  readonly silenceId: string;
  readonly bank: string | null;
  readonly signature: string | null;
  readonly from: string;
  readonly until: string;
  readonly lifted: boolean;
}

interface Words {
  readonly text: string;
  readonly details: readonly string[];
  readonly nextStep: string;
}

/** What people did about an alert, as the console answers it. */
export interface Handling {
  readonly acknowledged: Deed | null;
  readonly snoozed: (Deed & { readonly untilFailed: number; readonly until: string | null }) | null;
  readonly silencedBy: SilenceView | null;
}

/** One alert from near, as the console answers it. */
export interface AlertDetail extends Handling {
  readonly alertId: string;
  readonly state: string;
  readonly tier: string;
  readonly bank: string;
  readonly signature: { readonly l1: string };
  readonly openedAt: string;
  readonly resolvedAt: string | null;
  readonly cohortId: string;
  readonly zh: Words;
  readonly en: Words;
  readonly notifications: readonly {
    readonly kind: string;
    readonly at: string;
    readonly owedTo: readonly string[];
    readonly delivered: readonly string[];
  }[];
}

/** An alert's state in a list, such as `open, acknowledged, snoozed until 34 devices`. */
export const stateOf = ({
  state,
  acknowledged,
  snoozed,
  silencedBy,
}: Handling & { readonly state: string }): string =>
  [
    state,
    ...(acknowledged === null ? [] : ['acknowledged']),
    ...(snoozed === null ? [] : [`snoozed until ${snoozed.untilFailed} devices${latest(snoozed.until)}`]),
    ...(silencedBy === null ? [] : [`silenced until ${formatTime(silencedBy.until)}`]),
  ].join(', ');

/** An alert's page for people. */
export function renderAlert(alert: AlertDetail, language: 'zh' | 'en'): string {
  const { text, details, nextStep } = alert[language];
  const { acknowledged, snoozed, silencedBy } = alert;
  const facts = renderFacts([
    ['alert', alert.alertId],
    ['state', `${alert.state}, ${alert.tier}`],
    ['opened', formatTime(alert.openedAt)],
    ['resolved', formatTime(alert.resolvedAt)],
    ['acknowledged', acknowledged && `${formatTime(acknowledged.at)} by ${noted(acknowledged)}`],
    [
      'snoozed',
      snoozed && `until ${snoozed.untilFailed} devices fail${latest(snoozed.until)}, by ${noted(snoozed)}`,
    ],
    [
      'silenced',
      silencedBy &&
        `until ${formatTime(silencedBy.until)} (${silencedBy.silenceId}), by ${noted(silencedBy)}`,
    ],
  ]);
  const told = renderTable(
    ['notification', 'decided', 'taken by', 'still owed to'],
    alert.notifications.map(({ kind, at, owedTo, delivered }) => [
      kind,
      formatTime(at),
      delivered.join(', '),
      owedTo.filter((channel) => !delivered.includes(channel)).join(', '),
    ]),
  );
  return [facts, '', text, ...details, '', nextStep, '', told].join('\n');
}

const noted = ({ by, note }: Deed): string => (note === '' ? by : `${by}: ${note}`);
const latest = (until: string | null): string =>
  until === null ? '' : `, ${formatTime(until)} at the latest`;

export const silenceTable = (items: readonly SilenceView[]): string =>
  renderTable(
    ['silence', 'bank', 'signature', 'from', 'until', 'lifted', 'by', 'note'],
    items.map(({ silenceId, bank, signature, from, until, lifted, by, note }) => [
      silenceId,
      bank ?? 'every',
      signature ?? 'every',
      formatTime(from),
      formatTime(until),
      lifted ? 'yes' : 'no',
      by,
      note,
    ]),
  );
