import { UsageError } from '../arguments.ts';
import type { DateRange } from './run.ts';

/** @param to today if absent @throws UsageError */
export function dateRange(from: string, to: string | undefined, now: Date): DateRange {
  const range = { from, to: to ?? now.toISOString().slice(0, 10) };
  for (const [name, date] of Object.entries(range)) {
    const isDate = /^\d{4}-\d\d-\d\d$/.test(date) && !Number.isNaN(Date.parse(date));
    if (!isDate || !new Date(date).toISOString().startsWith(date)) {
      throw new UsageError(`--${name} is "${date}": give a date as YYYY-MM-DD.`);
    }
  }
  if (range.to < range.from) throw new UsageError(`--from ${range.from} is after --to ${range.to}.`);
  return range;
}

/** The dates of a range, UTC. */
export function* datesOf({ from, to }: DateRange): Generator<string> {
  const dayMs = 86_400_000;
  for (let day = Date.parse(from); day <= Date.parse(to); day += dayMs) yield new Date(day).toISOString().slice(0, 10);
}
