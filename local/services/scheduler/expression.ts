import { Cron } from 'croner';

/** When a schedule fires. */
export interface Timetable {
  /** The first time after `after`, in milliseconds; undefined when there is none. */
  next(after: number): number | undefined;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `rate(5 minutes)` or `cron(minutes hours day-of-month month day-of-week year)` in a time zone.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
 *
 * @param since what a rate counts from, in milliseconds
 * @throws Error when it is neither, or has what is not understood here: a year, `L`, `W` or `#`
 */
export function timetable(expression: string, timeZone: string, since: number): Timetable {
  const [, amount, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (unit !== undefined && Number(amount) > 0) {
    const period = Number(amount) * UNITS[unit]!;
    return { next: (after) => since + (Math.floor((after - since) / period) + 1) * period };
  }
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.trim().split(/\s+/) ?? [];
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields;
  if (fields.length !== 6 || (dayOfMonth === '?') === (dayOfWeek === '?')) throw notUnderstood(expression);
  if (year !== '*' || /[LW#]/.test(`${dayOfMonth}${dayOfWeek!.replace(/WED/i, '')}`)) throw notUnderstood(expression);
  // Days of the week count from 1 there, from 0 here; a step after a slash is no day.
  const days = dayOfWeek!.replace(/(?<![/\d])\d/g, (day) => String(Number(day) - 1));
  const pattern = [minutes, hours, dayOfMonth, month, days].map((field) => (field === '?' ? '*' : field)).join(' ');
  const cron = new Cron(pattern, { timezone: timeZone, paused: true });
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() };
}

const notUnderstood = (expression: string): Error =>
  new Error(
    `the schedule expression ${expression} is not understood here: rate(value unit), or cron(…) of six fields with * as year, one ? and without L, W and #`,
  );
