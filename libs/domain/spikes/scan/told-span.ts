import { LONGEST_WINDOW_MS, MOST_EXCLUDED_MS } from '../constants.js';
import { ANY_FAILURE } from './counts.js';
import type { Failure } from './counts.js';
import { holds } from './scope.js';
import type { Scope } from './scope.js';

/** A scope and series that an alert tells or told, and when. */
export interface ToldSpan extends Scope {
  /** The series it covers with those above it, from the coarsest; empty = any failure. */
  readonly levels: readonly string[];
  readonly openedMs: number;
  readonly closedMs: number | null;
}

/** The series that a span covers, with everything finer. */
export const coveredSeries = ({ levels }: Pick<ToldSpan, 'levels'>): string => levels.at(-1) ?? ANY_FAILURE;

/** Whether failures of these levels are of a span's series. */
export const isOfSeries = (span: Pick<ToldSpan, 'levels'>, levels: readonly string[]): boolean =>
  span.levels.length === 0 || levels.includes(coveredSeries(span));

/** Whether two series are one, or one is a finer level of the other. */
export const areRelated = (left: readonly string[], right: readonly string[]): boolean =>
  isOfSeries({ levels: left }, right) || isOfSeries({ levels: right }, left);

/** Whether an alert tells a failure, so that it is neither usual nor a variation from day to day. */
export const tells = (span: ToldSpan, failure: Scope & Pick<Failure, 'levels' | 'arrivedMs'>): boolean =>
  failure.arrivedMs > span.openedMs - LONGEST_WINDOW_MS &&
  failure.arrivedMs <= Math.min(span.closedMs ?? Infinity, span.openedMs + MOST_EXCLUDED_MS) &&
  isOfSeries(span, failure.levels) &&
  holds(span, failure);

/** Whether a failure began before an alert ended: it joins what is closed, whenever it arrives. */
export const isLateOf = (span: ToldSpan, failure: Failure): boolean =>
  span.closedMs !== null &&
  failure.occurredMs <= span.closedMs &&
  failure.occurredMs >= span.openedMs - LONGEST_WINDOW_MS &&
  isOfSeries(span, failure.levels) &&
  holds(span, failure);
