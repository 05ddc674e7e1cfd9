import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { type AggregateStores, aggregateBatch } from '../lambda/speed/aggregate/aggregate-batch.ts';
import { changeOf } from '../lambda/speed/aggregate/change.ts';
import { type Countable, countable } from '../lambda/speed/aggregate/countable.ts';
import { firstRegistry } from '../model/counters/registry.ts';
import { feeds } from '../model/feeds/index.ts';
import { metrics } from '../model/metrics/index.ts';
import type { Post } from '../model/post.ts';
import { rowsOf } from '../model/rows.ts';
import { compare } from './compare.ts';
import { postsFrom, recordsOf } from './events.ts';
import { type Cell, ratio, type Section } from './report.ts';
import type { Surroundings } from './surroundings.ts';

const rounds = { count: 3, ms: 300 };
const postCount = 2_000;
const batchSizes = [1, 10, 100, 300, 1_000];
const startMs = Date.UTC(2026, 0, 1);

/** Writes to counters a change, and changes a second through the handler, on stores that answer at once. */
export async function aggregate({ note }: Surroundings): Promise<readonly Section[]> {
  note('making changes');
  const changes = changesOf();
  const all = metrics.map(countable);
  const sets: readonly (readonly [string, readonly Countable[]])[] = [
    ...all.map((metric) => [metric.id.split('.')[0]!, [metric]] as const),
    ['all of them', all],
  ];
  note('folding batches');
  const writes = await Promise.all(sets.map(async ([name, of]) => [name, ...(await writesAChange(changes, of))]));
  const rates: Cell[][] = [];
  for (const size of batchSizes) {
    const { counted, read } = await changesPerSecond(changes, all, size);
    rates.push([size, counted, read, ratio(counted, read)]);
  }
  return [
    {
      name: 'writes',
      title: 'Writes to counters a change, each of one write unit; the naive form writes each delta of its own',
      columns: ['metric', 'naive', ...batchSizes.map((size) => `batch ${size}`)],
      rows: writes,
    },
    {
      name: 'changes',
      title: 'Changes a second, all metrics, beside reading their images alone',
      columns: ['batch', 'counted', 'read', 'ratio'],
      rows: rates,
    },
  ];
}

/** Each post arrives in three parts, one change each. */
function changesOf(): readonly DynamoDBRecord[] {
  const known = new Map<number, Post>();
  return recordsOf(0, postsFrom(0, postCount)).flatMap(({ feed, ind, json }, at) => {
    const place = {
      source: 'kinesis',
      topic: 'bench',
      partition: 'shard',
      offset: String(at),
      arrivalMs: startMs,
    } as const;
    const [row] = rowsOf({ ...place, bytes: Buffer.from(json) }, feeds[feed]);
    if (row?.result.ok !== true) return [];
    const before = known.get(ind);
    const part = { k: row.orderKey, rules: feeds[feed].rules, fields: row.result.fields };
    const after: Post = { ...before, ind, [feed]: part, gen: 0 };
    known.set(ind, after);
    const images = { NewImage: marshall(after), ...(before && { OldImage: marshall(before) }) };
    const dynamodb = { SequenceNumber: String(at), ApproximateCreationDateTime: startMs / 1000, ...images };
    return [{ eventName: 'MODIFY', dynamodb } as DynamoDBRecord];
  });
}

async function writesAChange(changes: readonly DynamoDBRecord[], of: readonly Countable[]): Promise<readonly number[]> {
  const sums: number[] = [];
  let deltas = 0;
  for (const size of batchSizes) {
    let written = 0;
    deltas = 0;
    for (let from = 0; from < changes.length; from += size) {
      const outcome = await count(changes.slice(from, from + size), of);
      written += outcome.countersWritten;
      deltas += outcome.deltas;
    }
    sums.push(ratio(written, changes.length));
  }
  return [ratio(deltas, changes.length), ...sums];
}

async function changesPerSecond(changes: readonly DynamoDBRecord[], of: readonly Countable[], size: number) {
  let from = 0;
  const next = () => {
    from = from + size > changes.length ? 0 : from;
    from += size;
    return changes.slice(from - size, from);
  };
  return compare(
    {
      counted: async () => (await count(next(), of)).records,
      read: () => next().map(changeOf).length,
    },
    rounds,
  );
}

const count = (records: readonly DynamoDBRecord[], of: readonly Countable[]) =>
  aggregateBatch('shard', records, of, storesFor(of), {
    deadline: startMs + 60_000,
    now: () => startMs,
    sleep: async () => {},
    random: Math.random,
  });

function storesFor(of: readonly Countable[]): AggregateStores {
  const registry = firstRegistry(
    of.map(({ id }) => id),
    true,
  );
  const nothing = async () => {};
  return {
    counters: { add: async () => undefined },
    registry: { current: async () => registry, markInexact: nothing },
    posts: { touch: nothing },
    progress: { reached: nothing },
    unreadable: { keep: nothing },
  };
}
