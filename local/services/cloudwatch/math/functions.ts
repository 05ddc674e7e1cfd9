import { ServiceError } from '../../service.ts';
import type { Scope } from './evaluate.ts';
import type { Node } from './parse.ts';
import { each, isList, lifted, mapped, type Single, type TimeSeries, type Value } from './value.ts';

type Call = (args: readonly Node[], scope: Scope, evaluate: (node: Node) => Value) => Value;

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const AGGREGATES: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: sum,
  AVG: (values) => sum(values) / values.length,
  MAX: (values) => Math.max(...values),
  MIN: (values) => Math.min(...values),
};
const ELEMENTWISE: Readonly<Record<string, (value: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
};

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html#metric-math-syntax-functions-list */
export const FUNCTIONS: Readonly<Record<string, Call>> = {
  ...Object.fromEntries(
    Object.entries(AGGREGATES).map(
      ([name, of]) => [name, (args, _, evaluate) => aggregate(evaluate(only(name, args)), of)] as [string, Call],
    ),
  ),
  ...Object.fromEntries(
    Object.entries(ELEMENTWISE).map(([name, of]) => {
      const call: Call = (args, _, evaluate) => lifted(evaluate(only(name, args)), 0, (value) => of(value));
      return [name, call];
    }),
  ),
  FILL: (args, scope, evaluate) => {
    const [of, by] = args;
    if (of === undefined || by === undefined) throw wrong('FILL', 'a metric and what its gaps are filled with');
    if (by.kind === 'name' && by.name === 'REPEAT') return each(evaluate(of), (series) => repeated(series, scope));
    const value = by.kind === 'name' && by.name === 'LINEAR' ? undefined : evaluate(by);
    if (typeof value !== 'number')
      throw wrong('FILL', 'a number or REPEAT to fill gaps with; LINEAR is not supported here');
    return each(evaluate(of), (series) => new Map(scope.periods.map((time) => [time, series.get(time) ?? value])));
  },
  IF: (args, _, evaluate) => {
    const [condition, yes, no] = args;
    if (condition === undefined || yes === undefined) throw wrong('IF', 'a condition and one or two values');
    return chosen(evaluate(condition), evaluate(yes), no === undefined ? undefined : evaluate(no));
  },
  METRICS: ([part], scope) => scope.metrics(part?.kind === 'text' ? part.value : ''),
  PERIOD: (_, { periodSeconds }) => periodSeconds,
  RATE: (args, _, evaluate) =>
    each(evaluate(only('RATE', args)), (series) => steps(series, (rise, ms) => rise / (ms / 1_000))),
  DIFF: (args, _, evaluate) => each(evaluate(only('DIFF', args)), (series) => steps(series, (rise) => rise)),
  RUNNING_SUM: (args, _, evaluate) =>
    each(evaluate(only('RUNNING_SUM', args)), (series) => {
      let total = 0;
      return mapped(series, (value) => {
        total += value;
        return total;
      });
    }),
  TIME_SERIES: (args, { periods }, evaluate) => {
    const value = evaluate(only('TIME_SERIES', args));
    return typeof value === 'number' ? new Map(periods.map((time) => [time, value])) : value;
  },
};

/** Of one series a number; of several a series, of what there is at each time. */
function aggregate(value: Value, of: (values: readonly number[]) => number): Value {
  if (typeof value === 'number') return value;
  if (!isList(value)) return value.size === 0 ? value : of([...value.values()]);
  const series = value.filter((one): one is TimeSeries => typeof one !== 'number');
  const numbers = value.filter((one): one is number => typeof one === 'number');
  if (series.length === 0) return of(numbers);
  const times = [...new Set(series.flatMap((one) => [...one.keys()]))].sort((a, b) => a - b);
  return new Map(
    times.map((time) => [time, of([...numbers, ...series.flatMap((one) => one.get(time) ?? [])])] as const),
  );
}

function repeated(series: TimeSeries, { periods }: Scope): TimeSeries {
  let last: number | undefined;
  const filled = new Map<number, number>();
  for (const time of periods) {
    last = series.get(time) ?? last;
    if (last !== undefined) filled.set(time, last);
  }
  return filled;
}

function steps(series: TimeSeries, of: (rise: number, ms: number) => number): TimeSeries {
  let before: readonly [number, number] | undefined;
  const result = new Map<number, number>();
  for (const entry of series) {
    if (before !== undefined) result.set(entry[0], of(entry[1] - before[1], entry[0] - before[0]));
    before = entry;
  }
  return result;
}

/** Without a value for "no" there is none at those times. */
function chosen(condition: Value, yes: Value, no: Value | undefined): Value {
  if (typeof condition === 'number') return (condition === 0 ? no : yes) ?? new Map();
  if (isList(condition) || isList(yes) || (no !== undefined && isList(no)))
    throw wrong('IF', 'single metrics, not lists');
  const at = (value: Single | undefined, time: number): number =>
    typeof value === 'number' ? value : (value?.get(time) ?? Number.NaN);
  return mapped(condition, (holds, time) => at(holds === 0 ? (no as Single | undefined) : (yes as Single), time));
}

function only(name: string, args: readonly Node[]): Node {
  const [arg, ...more] = args;
  if (arg === undefined || more.length > 0) throw wrong(name, 'one argument');
  return arg;
}

const wrong = (name: string, needs: string): ServiceError =>
  new ServiceError('ValidationError', `The function ${name} of metric math needs ${needs}.`);
