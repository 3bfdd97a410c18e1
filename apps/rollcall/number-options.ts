import { InvalidArgumentError } from 'commander';

/** A commander parser for whole numbers from `least` to `most`. */
export const wholeNumber =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}.`);
    }
    return value;
  };

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** A commander parser for durations such as `90d`, `12h`, `30m`, `2w` (→ ms) and `never` (→ null). */
export function duration(text: string): number | null {
  if (text === 'never') return null;
  const match = /^(\d{1,6})([mhdw])$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (!match || unitMs === undefined || Number(match[1]) === 0) {
    throw new InvalidArgumentError('expected a duration such as 90d, 12h or 30m, or "never".');
  }
  return Number(match[1]) * unitMs;
}

/** A commander parser: an ISO day or instant → ISO UTC. */
export function instant(text: string): string {
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('expected a time such as 2024-09-10 or 2024-09-10T08:00:00+08:00.');
  }
  return time.toISOString();
}
