import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import type { Counter, CounterRange, CounterReader } from '../../model/compile/contribution.ts';
import { metricId, partitionKey, spreads } from '../../model/counters/keys.ts';
import { liveGeneration, type Registry } from '../../model/counters/registry.ts';
import type { Metric } from '../../model/metrics/metric.ts';

/** A metric has no complete counters: it is served from gold until a rebuild gave it some. */
export class NotLiveError extends Error {
  override readonly name = 'NotLiveError';
  constructor(metric: Metric) {
    super(`${metric.name} has no complete live counters yet: npm run rebuild gives it its history.`);
  }
}

/** Counters at zero may stand before what is expected. */
const smallestPage = 32;

/**
 * The counters of the generations that the registry calls active, read with `dynamodb:Query`. Their partitions are
 * read side by side, a page of each at a time.
 * @throws NotLiveError from its iterators
 */
export function liveCounters(
  client: DynamoDBClient,
  table: string,
  registry: Registry | undefined,
  now: () => number = Date.now,
): CounterReader {
  return {
    async *counters(metric, range) {
      const id = metricId(metric);
      const generation = liveGeneration(registry, id);
      if (generation === undefined) throw new NotLiveError(metric);
      const parts = Array.from({ length: spreads }, (_, spread) =>
        partition(partitionKey(id, generation, range.group, spread), range),
      );
      yield* merged(parts, range.descending ?? false);
    },
  };

  async function* partition(pk: string, { prefix = '', descending = false, expected }: CounterRange) {
    const input = {
      TableName: table,
      KeyConditionExpression: `pk = :pk${prefix === '' ? '' : ' AND begins_with(sk, :prefix)'}`,
      ExpressionAttributeNames: { '#v': 'v', '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':pk': { S: pk }, ...(prefix !== '' && { ':prefix': { S: prefix } }) },
      ProjectionExpression: 'sk, #v, #ttl',
      ScanIndexForward: !descending,
      ...(expected !== undefined && { Limit: Math.max(smallestPage, expected) }),
    };
    for await (const { Items = [] } of paginateQuery({ client }, input)) {
      for (const { sk, v, ttl } of Items) {
        // What has expired is deleted some days later.
        if (ttl?.N !== undefined && Number(ttl.N) * 1000 <= now()) continue;
        yield { member: sk!.S!, value: BigInt(v!.N!) };
      }
    }
  }
}

/** Sorted sequences as one, counters of the same member added up. */
export async function* merged(
  sequences: readonly AsyncIterable<Counter>[],
  descending: boolean,
): AsyncGenerator<Counter> {
  const iterators = sequences.map((sequence) => sequence[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  try {
    for (;;) {
      let next: string | undefined;
      for (const head of heads) {
        if (head.done === true) continue;
        const { member } = head.value;
        if (next === undefined || compareBytes(member, next) * (descending ? -1 : 1) < 0) next = member;
      }
      if (next === undefined) return;
      let value = 0n;
      for (const [at, head] of heads.entries()) {
        if (head.done === true || head.value.member !== next) continue;
        value += head.value.value;
        heads[at] = await iterators[at]!.next();
      }
      yield { member: next, value };
    }
  } finally {
    await Promise.all(iterators.map((iterator) => iterator.return?.()));
  }
}

/** As DynamoDB sorts: by the bytes of UTF-8. */
const compareBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
