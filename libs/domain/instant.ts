import { z } from 'zod';

const isoWithZone = z.iso.datetime({ offset: true });
const UTC_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * An instant as reports give it: ISO 8601 with a zone and seconds, whose UTC year has four digits.
 * The years 1601 and 9999 pass: whether a time is plausible is judged at projection.
 */
export const isInstant = (text: string): boolean =>
  isUtcMs(text) || (isoWithZone.safeParse(text).success && UTC_MS.test(toIso(text)));

/**
 * The same instant as UTC with milliseconds and `Z`; finer digits are cut, not rounded.
 * @param text one that `isInstant` accepts
 */
export const toUtcInstant = (text: string): string => (isUtcMs(text) ? text : toIso(text));

function toIso(text: string): string {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

/** The form nearly every sender uses, read without a regular expression: it runs for each time of each report. */
function isUtcMs(text: string): boolean {
  if (text.length !== 24 || text.charCodeAt(23) !== 0x5a || text.charCodeAt(10) !== 0x54) return false;
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d || text.charCodeAt(13) !== 0x3a)
    return false;
  if (text.charCodeAt(16) !== 0x3a || text.charCodeAt(19) !== 0x2e) return false;
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return false;
  if (day > daysInMonth(century * 100 + yearOfCentury, month)) return false;
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  return twoDigits(text, 20) >= 0 && twoDigits(text, 21) >= 0;
}

/** The number at `at`, or -1 when the two characters are not digits. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

function daysInMonth(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (DAYS_IN_MONTH[month - 1] ?? 0) + (leap ? 1 : 0);
}
