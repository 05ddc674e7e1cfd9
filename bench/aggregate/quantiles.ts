import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { quantile } from '../../cli/demonstration/latency.ts';
import { forEachConcurrently } from '../../lambda/shared/concurrency.ts';
import { liveCounters } from '../../lambda/shared/live-counters.ts';
import { answer } from '../../model/compile/answer.ts';
import { type CounterReader, contribution } from '../../model/compile/contribution.ts';
import { metricId, partitionKey, spreads } from '../../model/counters/keys.ts';
import { completeRegistry, unregistered } from '../../model/counters/registry.ts';
import type { Post } from '../../model/post.ts';
import { questions } from '../../model/questions/index.ts';
import { unlimitedHere } from '../dynamodb-here.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';

const question = questions.find(({ name }) => name === 'median_followers_by_age_group')!;
const { metric } = question;
const itemsOfABatch = 25;
const tries = 5;

/** The median was not the median. */
class WrongMedianError extends Error {
  override readonly name = 'WrongMedianError';
}

/** How long the lower median of so many distinct values takes to read, beside reading all of the values. */
export async function quantileSection({ closing, quick, note }: Surroundings): Promise<Section> {
  const rows: Cell[][] = [];
  for (const distinct of quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]) {
    note(`reading the median of ${distinct} values`);
    const here = await unlimitedHere();
    closing.add('the tables', () => here.close());
    const values = valuesOf(distinct);
    const counters = new Map<string, { pk: string; sk: string; v: bigint }>();
    for (const [at, value] of values.entries()) {
      for (const { counter, amount } of contribution(metric, postOf(at, value))) {
        const pk = partitionKey(metricId(metric), unregistered, counter.group, at % spreads);
        const key = `${pk}\n${counter.member}`;
        counters.set(key, { pk, sk: counter.member, v: (counters.get(key)?.v ?? 0n) + amount });
      }
    }
    const items = [...counters.values()];
    const batches = Array.from({ length: Math.ceil(items.length / itemsOfABatch) }, (_, at) =>
      items.slice(at * itemsOfABatch, (at + 1) * itemsOfABatch),
    );
    await forEachConcurrently(batches, 8, async (batch) => {
      const requests = batch.map(({ pk, sk, v }) => ({
        PutRequest: { Item: { pk: { S: pk }, sk: { S: sk }, v: { N: String(v) } } },
      }));
      await here.client.send(new BatchWriteItemCommand({ RequestItems: { counters: requests } }));
    });

    const reader = new CountingReader(
      liveCounters(here.client, 'counters', completeRegistry([metricId(metric)], unregistered), Date.now),
    );
    const expected = values[Math.ceil(distinct / 2) - 1]!;
    const times = { median: [] as number[], all: [] as number[] };
    const read = { median: 0, all: 0 };
    for (let round = 0; round <= tries; round++) {
      for (const way of ['median', 'all'] as const) {
        reader.read = 0;
        const began = performance.now();
        const found = way === 'median' ? await median(reader) : await medianOfAll(reader, distinct);
        if (round > 0) times[way].push(performance.now() - began);
        read[way] = reader.read;
        if (found !== BigInt(expected)) throw new WrongMedianError(`${way}: ${found} and not ${expected}`);
      }
    }
    const [ms, allMs] = [quantile(times.median, 0.5)!, quantile(times.all, 0.5)!];
    rows.push([distinct, read.median, Math.round(ms), read.all, Math.round(allMs), ratio(ms, allMs)]);
  }
  return {
    name: 'quantiles',
    title: 'The lower median of distinct values: over two levels, beside reading all values',
    columns: ['values', 'counters read', 'ms', 'of all', 'ms of all', 'ratio'],
    rows,
  };
}

/** Distinct and rising, as many in each decade: five of them. */
const valuesOf = (distinct: number): readonly number[] =>
  Array.from({ length: distinct }, (_, at) => Math.floor(1e5 * 10 ** ((5 * at) / distinct)));

/** All of one age group and year. */
const postOf = (ind: number, follower_count: number): Post => ({
  ind,
  pin: { k: '', rules: 1, fields: { follower_count } },
  user: { k: '', rules: 1, fields: { age: 20, date_joined: '2016-01-01T00:00:00.000Z' } },
});

async function median(reader: CounterReader): Promise<unknown> {
  const [row] = await answer(question, reader, { now: Date.now() });
  return row?.['median_follower_count'];
}

async function medianOfAll(reader: CounterReader, distinct: number): Promise<unknown> {
  let rank = 0;
  let found: bigint | undefined;
  const [{ counter }] = contribution(metric, postOf(0, 1)).filter(({ counter }) => counter.group !== '') as [
    ReturnType<typeof contribution>[number],
  ];
  for await (const { member } of reader.counters(metric, { group: counter.group, prefix: 'v:' })) {
    rank++;
    if (rank === Math.ceil(distinct / 2)) found = BigInt(member.slice('v:'.length));
  }
  return found;
}

class CountingReader implements CounterReader {
  read = 0;
  readonly #reader: CounterReader;

  constructor(reader: CounterReader) {
    this.#reader = reader;
  }

  async *counters(
    ...of: Parameters<CounterReader['counters']>
  ): ReturnType<CounterReader['counters']> & AsyncGenerator {
    for await (const counter of this.#reader.counters(...of)) {
      this.read++;
      yield counter;
    }
  }
}
