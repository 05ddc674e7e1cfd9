import { UsageError } from '../arguments.ts';

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or how long before `now`. @throws UsageError */
export function sinceOf(text: string, now: Date): Date {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const time =
    count === undefined ? Date.parse(text) : now.getTime() - Number(count) * unitMs[unit as keyof typeof unitMs];
  if (Number.isNaN(time) || time < 0) {
    throw new UsageError(`--since is "${text}": give a time such as 2026-11-21T09:00Z, or 30m, 2h, 7d.`);
  }
  return new Date(time);
}
