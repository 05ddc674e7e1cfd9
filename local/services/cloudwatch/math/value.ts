/** Start of a period in milliseconds -> value. */
export type TimeSeries = ReadonlyMap<number, number>;
export type Single = number | TimeSeries;
/** A number, a series, or a list of them. */
export type Value = Single | readonly Single[];

export const isList = (value: Value): value is readonly Single[] => Array.isArray(value);

/** A function of two numbers for series and lists too. Two series have a result where both have a value. */
export function lifted(a: Value, b: Value, apply: (a: number, b: number) => number): Value {
  if (isList(a)) {
    return a.map((one, i) => single(one, isList(b) ? (b[i] ?? Number.NaN) : b, apply));
  }
  if (isList(b)) return b.map((one) => single(a, one, apply));
  return single(a, b, apply);
}

/** Only finite values are kept: what is divided by zero has none. */
export function mapped(series: TimeSeries, apply: (value: number, time: number) => number): TimeSeries {
  const result = new Map<number, number>();
  for (const [time, value] of series) {
    const made = apply(value, time);
    if (Number.isFinite(made)) result.set(time, made);
  }
  return result;
}

export const each = (value: Value, apply: (series: TimeSeries) => TimeSeries): Value =>
  isList(value)
    ? value.map((one) => (typeof one === 'number' ? one : apply(one)))
    : typeof value === 'number'
      ? value
      : apply(value);

function single(a: Single, b: Single, apply: (a: number, b: number) => number): Single {
  if (typeof a === 'number') return typeof b === 'number' ? apply(a, b) : mapped(b, (value) => apply(a, value));
  if (typeof b === 'number') return mapped(a, (value) => apply(value, b));
  return mapped(a, (value, time) => {
    const other = b.get(time);
    return other === undefined ? Number.NaN : apply(value, other);
  });
}
