import type { DynamoDBRecord } from 'aws-lambda';
import { changeOf } from '../../lambda/speed/aggregate/change.ts';
import { type Countable, countable } from '../../lambda/speed/aggregate/countable.ts';
import { fold } from '../../lambda/speed/aggregate/fold.ts';
import { completeRegistry, unregistered } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import { compare } from '../compare.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';
import { ChangeSource, changesOf } from './changes.ts';
import { fiveCounters } from './five-counters.ts';
import { count, idleStores } from './stores.ts';

export const batchSizes = [1, 10, 100, 300, 1_000];
const rounds = { count: 3, ms: 300 };
/** So few that the five have about as many counters as where the aim comes from: 271. */
const fewCountries = 7;
const aims: readonly Cell[] = ['aim', 271, '', '', '', 0.61, 0.41, 0.2];

/** Writes to counters a change, and changes a second through the handler, on stores that answer at once. */
export async function foldedSections({ quick, note }: Surroundings): Promise<readonly Section[]> {
  note('folding batches');
  // A multiple of each size of a batch is a multiple of 3,000 changes.
  const posts = quick ? 1_000 : 4_000;
  const changes = changesOf(posts);
  const all = metrics.map(countable);
  const five = [fiveCounters];
  const few = changesOf(posts, fewCountries);
  const foldedFive = await folded(changes, five);
  const foldedAll = await folded(changes, all);
  const byMetric: Cell[][] = [];
  for (const metric of all) {
    const { naive, writes } = await folded(changes, [metric]);
    byMetric.push([metric.id.split('.')[0]!, naive, ...writes]);
  }
  const rates: Cell[][] = [];
  for (const size of batchSizes) {
    const { counted, read } = await changesPerSecond(changes, all, size);
    rates.push([size, counted, read, ratio(counted, read)]);
  }
  const sizes = batchSizes.map((size) => `batch ${size}`);
  const ofFew = await folded(few, five);
  return [
    {
      name: 'five',
      title: 'Writes a change of five bounded counters, each of one write unit',
      columns: ['posts', 'counters', 'naive', ...sizes],
      rows: [
        ['as the emulators send them', countersOf(changes, five), foldedFive.naive, ...foldedFive.writes],
        [`gathered into ${fewCountries} countries`, countersOf(few, five), ofFew.naive, ...ofFew.writes],
        aims,
      ],
    },
    {
      name: 'writes',
      title: 'Writes a change by metric of the model; naive: each delta of its own',
      columns: ['metric', 'naive', ...sizes],
      rows: [
        ...byMetric,
        ['all of them', foldedAll.naive, ...foldedAll.writes],
        ['progress of the shard', '', ...batchSizes.map((size) => Math.round(1_000 / size) / 1_000)],
      ],
    },
    {
      name: 'coalescing',
      title: 'Deltas that one write carries',
      columns: ['counters', ...sizes],
      rows: [
        ['five bounded', ...foldedFive.coalescing],
        ['of the model', ...foldedAll.coalescing],
      ],
    },
    {
      name: 'changes',
      title: 'Changes a second, all metrics, beside reading their images alone',
      columns: ['batch', 'counted', 'read', 'ratio'],
      rows: rates,
    },
  ];
}

interface Folded {
  /** Deltas a change. */
  readonly naive: number;
  /** A change, by batch size. */
  readonly writes: readonly number[];
  readonly coalescing: readonly number[];
}

async function folded(changes: readonly DynamoDBRecord[], of: readonly Countable[]): Promise<Folded> {
  const sums: { written: number; deltas: number }[] = [];
  const stores = idleStores(of);
  for (const size of batchSizes) {
    const sum = { written: 0, deltas: 0 };
    for (let from = 0; from < changes.length; from += size) {
      const { countersWritten, deltas } = await count(changes.slice(from, from + size), of, stores);
      sum.written += countersWritten;
      sum.deltas += deltas;
    }
    sums.push(sum);
  }
  return {
    naive: ratio(sums[0]!.deltas, changes.length),
    writes: sums.map(({ written }) => ratio(written, changes.length)),
    coalescing: sums.map(({ written, deltas }) => ratio(deltas, Math.max(1, written))),
  };
}

function countersOf(records: readonly DynamoDBRecord[], of: readonly Countable[]): number {
  const registry = completeRegistry(
    of.map(({ id }) => id),
    unregistered,
  );
  return fold('shard', records.map(changeOf), registry, of).length;
}

async function changesPerSecond(changes: readonly DynamoDBRecord[], of: readonly Countable[], size: number) {
  const source = new ChangeSource(changes);
  const stores = idleStores(of);
  return compare(
    {
      counted: async () => (await count(source.take(size), of, stores)).records,
      read: () => source.take(size).map(changeOf).length,
    },
    rounds,
  );
}
