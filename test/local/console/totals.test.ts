import { describe, expect, test } from '@jest/globals';
import { TakenCounts } from '../../../local/console/live/taken-counts.ts';
import { Totals } from '../../../local/console/live/totals.ts';
import type { Total } from '../../../local/console/tools.ts';
import type { MetricDataRequest, MetricName, Series } from '../../../local/services/cloudwatch/types.ts';

const since = 1_795_269_605_000;
const metric = (name: string): MetricName => ({ namespace: 'Mine', name, dimensions: {} });
const sum = (name: string) => ({ kind: 'sum', metric: metric(name) }) as const;

/** What was put, in periods of the tens of seconds that are asked for. */
class Store {
  readonly #put: { readonly name: string; readonly time: number; readonly value: number }[] = [];
  readonly asked: number[] = [];

  put(name: string, time: number, value: number): void {
    this.#put.push({ name, time, value });
  }

  readonly metricData = ({ queries, from, to }: MetricDataRequest): Series[] => {
    this.asked.push(to - from);
    return queries.map(({ id, stat }) => {
      const seen = this.#put.filter(({ name, time }) => name === stat!.name && time >= from && time < to);
      return {
        id,
        label: id,
        periodSeconds: 10,
        timestamps: seen.map(({ time }) => time),
        values: seen.map(({ value }) => value),
      };
    });
  };
}

const totals: readonly Total[] = [
  {
    name: 'accepted',
    title: 'Accepted',
    plus: [sum('In'), { kind: 'taken', functionName: 'clean', from: 'topics' }],
    grows: true,
  },
  {
    name: 'inFlight',
    title: 'In flight',
    plus: [sum('In')],
    minus: [{ kind: 'taken', functionName: 'clean', from: 'streams' }],
  },
  { name: 'waiting', title: 'Waiting', plus: [{ kind: 'behind', who: 'functions' }] },
  { name: 'lost', title: 'Lost', plus: [{ kind: 'latest', metric: metric('Lost') }] },
];

describe('totals since the start', () => {
  const store = new Store();
  const taken = { streams: 0, topics: 0 };
  const counted = { taken: (_: string, from: 'streams' | 'topics') => taken[from], behind: () => [metric('Lag')] };
  const all = new Totals(store, counted, { totals, since });

  test('what was before does not count, and what nobody measured is not known', () => {
    store.put('In', since - 60_000, 1_000);
    store.put('In', since + 1_000, 30);
    store.put('Lag', since + 1_000, 4);
    Object.assign(taken, { streams: 26, topics: 12 });
    expect(all.values(since + 5_000)).toEqual({ accepted: 42, inFlight: 4, waiting: 4, lost: null });
  });

  test('what has settled is read once, and counts on', () => {
    store.put('In', since + 600_000, 5);
    store.put('Lost', since + 600_000, 0);
    Object.assign(taken, { streams: 35, topics: 10 });
    expect(all.values(since + 605_000)).toEqual({ accepted: 45, inFlight: 0, waiting: 0, lost: 0 });
    store.asked.length = 0;
    all.values(since + 610_000);
    expect(Math.max(...store.asked.filter((ms) => ms < 86_400_000))).toBeLessThanOrEqual(80_001);
  });
});

test('what waited in a stream at the start is told apart from what came since', () => {
  const taken = new TakenCounts(since);
  const sourceArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/pin';
  taken.see({ functionName: 'clean', sourceArn, arrivals: [since - 1, since, since + 1] }, since + 2);
  const readers = [{ functionName: 'clean', source: 'pin' }];
  expect([taken.total(readers, 'all'), taken.total(readers, 'fresh')]).toEqual([3, 2]);
});
