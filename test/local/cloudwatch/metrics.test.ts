import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { distributionOf, merged, statisticOf } from '../../../local/services/cloudwatch/distribution.ts';
import { MetricData } from '../../../local/services/cloudwatch/metric-data.ts';
import { MetricStore } from '../../../local/services/cloudwatch/store.ts';
import type { MetricDataQuery } from '../../../local/services/cloudwatch/types.ts';

const MINUTE = 60_000;
const NOW = Math.floor(Date.now() / MINUTE) * MINUTE;
const METRIC = { namespace: 'N', name: 'M', dimensions: { b: '2', a: '1' } };

let directory: string;
let store: MetricStore;
const lines: string[] = [];

const open = () => new MetricStore({ file: join(directory, 'metrics.sqlite'), log: (line) => lines.push(line) });
const put = (name: string, values: readonly number[], time: number, unit = 'Count') =>
  store.put({ ...METRIC, name }, unit, distributionOf(values)!, time);
const read = (name: string, periodSeconds: number, from = NOW - 60 * MINUTE, to = NOW + MINUTE) =>
  [...store.read({ ...METRIC, name, periodSeconds, from, to })].map(([time, { sum, count }]) => [
    (time - NOW) / 1_000,
    sum,
    count,
  ]);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(directory, { recursive: true });
});

describe('the store', () => {
  test('values are told by period, and survive a restart', () => {
    put('M', [1, 2], NOW - 2 * MINUTE + 1_000);
    put('M', [3], NOW - 2 * MINUTE + 11_000);
    put('M', [5], NOW);
    store.close();
    store = open();
    put('M', [7], NOW + 1);
    expect(read('M', 60)).toEqual([
      [-120, 6, 3],
      [0, 12, 2],
    ]);
    expect(read('M', 10)).toEqual([
      [-120, 3, 2],
      [-110, 3, 1],
      [0, 12, 2],
    ]);
    expect(read('M', 300)).toHaveLength(NOW % (5 * MINUTE) < 2 * MINUTE ? 2 : 1);
  });

  test('a metric is named by all of its dimensions, in any order, and by its unit where one is asked for', () => {
    put('M', [1], NOW);
    put('M', [10], NOW, 'Bytes');
    const query = { ...METRIC, periodSeconds: 60, from: NOW, to: NOW + 1 };
    const sums = (other: object) => [...store.read({ ...query, ...other }).values()].map(({ sum }) => sum);
    expect(sums({ dimensions: { a: '1', b: '2' } })).toEqual([11]);
    expect(sums({ unit: 'Bytes' })).toEqual([10]);
    expect(sums({ dimensions: { a: '1' } })).toEqual([]);
  });

  test('seconds are kept for hours, minutes for days, and no longer', () => {
    put('M', [1], NOW - 4 * 60 * MINUTE);
    put('M', [2], NOW - 80 * 60 * MINUTE);
    store.flush();
    store.trim(NOW);
    expect(read('M', 60, 0)).toEqual([[-4 * 3_600, 1, 1]]);
    expect(read('M', 10, 0)).toEqual([]);
  });
});

/** Without -0, which is no other number than 0 to a metric, but to a comparison of tests. */
const number = fc.double({ min: -1e6, max: 1e9, noNaN: true }).map((value) => value + 0);

test('percentiles of any values are within a percent, however they are put together', () => {
  fc.assert(
    fc.property(
      fc.array(number, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(50, 90, 99, 99.9),
      fc.nat(),
      (values, percent, cut) => {
        const at = cut % values.length;
        const parts = [values.slice(0, at), values.slice(at)].flatMap((part) => distributionOf(part) ?? []);
        const whole = parts.reduce(merged);
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.ceil((sorted.length * percent) / 100) - 1]!;
        const found = statisticOf(`p${percent}`)!(whole);
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.0101 + 1e-12);
        expect(whole).toMatchObject({ count: values.length, min: sorted[0], max: sorted.at(-1) });
      },
    ),
  );
});

describe('metric math', () => {
  const stat = (id: string, name: string, statistic = 'Sum'): MetricDataQuery => ({
    id,
    stat: { ...METRIC, name, periodSeconds: 60, statistic },
    returnData: false,
  });
  const queries = [stat('a', 'A'), stat('b', 'B'), stat('none', 'None')];
  const series = (expression: string) =>
    new MetricData(store).series({
      queries: [...queries, { id: 'e', expression }],
      from: NOW - 3 * MINUTE,
      to: NOW + MINUTE,
    });
  const values = (expression: string) => {
    const [found] = series(expression);
    return Object.fromEntries(found!.timestamps.map((time, i) => [(time - NOW) / MINUTE, found!.values[i]]));
  };

  beforeEach(() => {
    // a: 2 at -3, 4 at -2, nothing at -1, 8 at 0; b: 1 at -3, 0 at -2, 3 at -1.
    for (const [minute, value] of [
      [-3, 2],
      [-2, 4],
      [0, 8],
    ] as const)
      put('A', [value], NOW + minute * MINUTE);
    for (const [minute, value] of [
      [-3, 1],
      [-2, 0],
      [-1, 3],
    ] as const)
      put('B', [value], NOW + minute * MINUTE);
  });

  test.each<[string, Record<string, number>]>([
    ['a + b', { '-3': 3, '-2': 4 }],
    ['a / b', { '-3': 2 }],
    ['100 * b / FILL(a, 1)', { '-3': 50, '-2': 0, '-1': 300 }],
    ['-a ^ 2 + 1', { '-3': -3, '-2': -15, 0: -63 }],
    ['SUM([a, b])', { '-3': 3, '-2': 4, '-1': 3, 0: 8 }],
    ['SUM(METRICS())', { '-3': 3, '-2': 4, '-1': 3, 0: 8 }],
    ['SUM(METRICS("a"))', { '-3': 2, '-2': 4, 0: 8 }],
    ['MAX([a, b, 3])', { '-3': 3, '-2': 4, '-1': 3, 0: 8 }],
    ['AVG(METRICS())', { '-3': 1.5, '-2': 2, '-1': 3, 0: 8 }],
    ['a - MIN(a)', { '-3': 0, '-2': 2, 0: 6 }],
    ['FILL(a, REPEAT)', { '-3': 2, '-2': 4, '-1': 4, 0: 8 }],
    ['FILL(none, 0)', { '-3': 0, '-2': 0, '-1': 0, 0: 0 }],
    ['none', {}],
    ['none + 1', {}],
    ['IF(a > 3, b)', { '-2': 0 }],
    ['IF(a > 3 AND b == 0, 7, a)', { '-3': 2, '-2': 7 }],
    ['RATE(a)', { '-2': 2 / 60, 0: 4 / 120 }],
    ['DIFF(b)', { '-2': -1, '-1': 3 }],
    ['RUNNING_SUM(a) * PERIOD(a)', { '-3': 120, '-2': 360, 0: 840 }],
    ['CEIL(b / 2)', { '-3': 1, '-2': 0, '-1': 2 }],
    ['TIME_SERIES(5)', { '-3': 5, '-2': 5, '-1': 5, 0: 5 }],
  ])('%s', (expression, expected) => {
    expect(values(expression)).toEqual(expected);
  });

  test.each([
    ['SEARCH("{N} M", "Sum")', /SEARCH of metric math is not supported here/],
    ['a +', /look near its end/],
    ['a ? b', /look near " \? b"/],
    ['c', /refers to c, which is not there/],
    ['e', /refers to itself/],
    ['SUM(a)', /is a number/],
    ['FILL(a, LINEAR)', /LINEAR/],
  ])('%s is refused', (expression, message) => {
    expect(() => series(expression)).toThrow(message);
  });

  test('a list gives a series for each, and a statistic must be one', () => {
    expect(series('[a, b]').map(({ label }) => label)).toEqual(['e 1', 'e 2']);
    const bad = [stat('a', 'A', 'TM99')];
    expect(() => new MetricData(store).series({ queries: bad, from: 0, to: 1 })).toThrow('TM99');
  });
});
