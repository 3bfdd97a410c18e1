import type { AlertFacts, NotificationKind } from './alert.js';

export type AlertLanguage = 'zh' | 'en';

/** What on-call reads: the numbers, and what to do next. */
export interface AlertText {
  readonly text: string;
  readonly nextStep: string;
}

/** Name of a code (`ERROR_LOG_GROWTH_FAILED`); null when the catalogue does not know it. */
export type SymbolOf = (code: string) => string | null;

/**
 * The alert in words. `kind` says which moment of its life is told. No device, person or host is named; branches are
 * counted, because their names may tell a place.
 */
export function alertText(
  alert: AlertFacts,
  kind: NotificationKind,
  language: AlertLanguage,
  symbolOf: SymbolOf,
): AlertText {
  const words = language === 'zh' ? chinese : english;
  return kind !== 'resolved'
    ? { text: words.raised(alert, errorName(alert, symbolOf)), nextStep: words.look(alert) }
    : { text: words.resolved(alert, errorName(alert, symbolOf)), nextStep: words.check(alert) };
}

/** `5×10^9` for "by chance 1 in …", rounded down: the model's own error is larger than a second digit. */
export function oneIn(lnP: number): string {
  // A hair is added so that an exact power of ten is not read as 9.99….
  const log10 = -lnP / Math.LN10 + 1e-12;
  if (log10 < 4) return String(Math.floor(10 ** log10));
  const exponent = Math.floor(log10);
  return `${Math.floor(10 ** (log10 - exponent))}×10^${exponent}`;
}

function errorName(alert: AlertFacts, symbolOf: SymbolOf): string {
  const symbol = symbolOf(alert.signature.l1);
  return symbol === null ? alert.signature.l1 : `${alert.signature.l1} (${symbol})`;
}

const rounded = (expected: number): string => (expected < 0.05 ? '< 0.1' : expected.toFixed(1));
const cohortsOf = ({ bank, build, kb, signature }: AlertFacts): string =>
  `rollcall cohorts --bank ${bank} --build ${build} --kb ${kb} --signature ${signature.id}`;
function branchesOf({ branches }: AlertFacts): string {
  if (branches.length === 0) return '';
  return branches.length === 1 ? ', in 1 branch' : `, in ${branches.length} branches`;
}
const finer = ({ signature }: AlertFacts): string =>
  [signature.l2, signature.l3].filter((part) => part !== '').join('; ');

const english = {
  raised: (alert: AlertFacts, error: string): string =>
    `${alert.failed} of ${alert.installs} installs failed with ${error} at bank ${alert.bank} in the last 24 h, ` +
    `most of them ${alert.kb} on build ${alert.build}` +
    `${branchesOf(alert)}; ` +
    `${rounded(alert.expected)} expected; by chance 1 in ${oneIn(alert.lnP)}.` +
    (finer(alert) === '' ? '' : ` Cause so far: ${finer(alert)}.`) +
    (alert.tier === 'ticket' ? ' Provisional: this bank has been watched for less than 28 days.' : ''),
  resolved: (alert: AlertFacts, error: string): string =>
    `Failures with ${error} at bank ${alert.bank} are back to normal: ` +
    `${alert.resolvedBecause === 'stale' ? 'a week without a new one' : 'new installs no longer fail so'}.`,
  look: (alert: AlertFacts): string =>
    `See the devices: ${cohortsOf(alert)}; then draft the case: rollcall case draft --cohort ID --lang en. ` +
    `Consider holding ${alert.kb} for build ${alert.build} at this bank until the cause is known.`,
  check: (alert: AlertFacts): string =>
    `Devices that failed before may still need help; see who is left: ${cohortsOf(alert)}`,
};

const chinese = {
  raised: (alert: AlertFacts, error: string): string =>
    `银行 ${alert.bank} 最近 24 小时 ${alert.installs} 次安装中有 ${alert.failed} 次失败，错误 ${error}，` +
    `主要为版本 ${alert.build} 上的 ${alert.kb}` +
    `${alert.branches.length > 0 ? `，涉及 ${alert.branches.length} 个网点` : ''}；` +
    `预期 ${rounded(alert.expected)} 次；偶然发生的概率为 1/(${oneIn(alert.lnP)})。` +
    (finer(alert) === '' ? '' : `目前已知原因：${finer(alert)}。`) +
    (alert.tier === 'ticket' ? '暂定结论：该行的监控时间不足 28 天。' : ''),
  resolved: (alert: AlertFacts, error: string): string =>
    `银行 ${alert.bank} 的错误 ${error} 已恢复正常：` +
    `${alert.resolvedBecause === 'stale' ? '一周内没有新的失败' : '新的安装不再出现该失败'}。`,
  look: (alert: AlertFacts): string =>
    `查看设备：${cohortsOf(alert)}；然后起草案例：rollcall case draft --cohort ID --lang zh。` +
    `在原因查明之前，可考虑暂缓在该行版本 ${alert.build} 上安装 ${alert.kb}。`,
  check: (alert: AlertFacts): string => `此前失败的设备可能仍需处理，查看剩余设备：${cohortsOf(alert)}`,
};
