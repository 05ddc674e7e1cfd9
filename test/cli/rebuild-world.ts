import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-dynamodb-streams';
import { DeleteCommand, DynamoDBDocumentClient, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { partOf } from '../../bench/aggregate/changes.ts';
import { dynamoDbHere, type Here } from '../../bench/dynamodb-here.ts';
import { type Clients, clientsAt } from '../../cli/aws.ts';
import { syntheticPost } from '../../cli/emulator/posts.ts';
import { readRegistry } from '../../lambda/shared/registry.ts';
import { aggregateBatch } from '../../lambda/speed/aggregate/aggregate-batch.ts';
import { type Countable, countable } from '../../lambda/speed/aggregate/countable.ts';
import { dynamoCounters } from '../../lambda/speed/aggregate/counters.ts';
import { dynamoProgress, dynamoRegistry, dynamoTouches } from '../../lambda/speed/aggregate/stores.ts';
import { dynamoPosts, type Posts } from '../../lambda/speed/clean/posts.ts';
import { contribution } from '../../model/compile/contribution.ts';
import { metricId } from '../../model/counters/keys.ts';
import { liveGeneration, type Registry } from '../../model/counters/registry.ts';
import type { Metric } from '../../model/metrics/metric.ts';
import type { Post } from '../../model/post.ts';
import { feedNames } from '../../model/rules/rule.ts';

const { signal } = new AbortController();
const pauseMs = 5;
const seed = 9;

export const tables = { postsTable: 'posts', countersTable: 'counters', quarantineBucket: 'quarantine' } as const;

/** `group\nmember` -> value. */
type Counted = Readonly<Record<string, bigint>>;

/** Posts, their change stream and what counts it, in this process: the clean step's store and the aggregator's. */
export class RebuildWorld {
  readonly clients: Clients;
  readonly #here: Here;
  readonly #plain: Clients;
  /** Of a clean step that heard of no other generation. */
  readonly #posts: Posts;
  #counting: { stop(): Promise<void> } | undefined;
  #sent = 0;
  /** Of each shard: where counting goes on. */
  #iterators: Map<string, string> | undefined;

  static async open(): Promise<RebuildWorld> {
    return new RebuildWorld(await dynamoDbHere());
  }

  private constructor(here: Here) {
    this.#here = here;
    this.#plain = clientsAt('http://127.0.0.1:1');
    const dynamodb = DynamoDBDocumentClient.from(here.client);
    this.clients = { ...this.#plain, dynamodb, changes: here.changes };
    let generation = 0;
    this.#posts = dynamoPosts(here.client, tables.postsTable, {
      current: async () => generation,
      heardOf: (newer) => {
        generation = Math.max(generation, newer);
      },
    });
  }

  async close(): Promise<void> {
    await this.stopCounting();
    this.#plain.close();
    await this.#here.close();
  }

  /** Stores a post's parts as the clean step does; a post that is there gets what its successor `of` says. */
  async write(ind: number, of = ind): Promise<void> {
    const rows = syntheticPost(seed, of);
    for (const feed of feedNames) {
      const part = partOf(feed, rows[feed], this.#sent++);
      const k = `${Date.now()}${part.k.slice(13)}`;
      await this.#posts.write(feed, ind, { ...part, k }, signal);
    }
  }

  /** What nobody writes any more, such as posts of a clean step from before stamps. */
  async unstamp(ind: number): Promise<void> {
    const update = { TableName: tables.postsTable, Key: { ind }, UpdateExpression: 'REMOVE gen' };
    await this.clients.dynamodb.send(new UpdateCommand(update));
  }

  /** The counters table is deleted and made again. */
  async loseCounters(): Promise<void> {
    for (const { pk, sk } of await this.#items(tables.countersTable)) {
      await this.clients.dynamodb.send(new DeleteCommand({ TableName: tables.countersTable, Key: { pk, sk } }));
    }
  }

  /** Counts what the stream tells, from its beginning or where it stopped, as a function with these metrics does. */
  count(metrics: readonly (Metric | Countable)[]): void {
    const of = metrics.map((metric) => ('id' in metric ? metric : countable(metric)));
    const stopping = new AbortController();
    const counted = this.#count(of, stopping.signal);
    counted.catch(() => undefined); // told by stop()
    this.#counting = {
      stop: async () => {
        stopping.abort();
        await counted;
      },
    };
  }

  async stopCounting(): Promise<void> {
    await this.#counting?.stop();
    this.#counting = undefined;
  }

  async #count(of: readonly Countable[], stopping: AbortSignal): Promise<void> {
    const { client } = this.#here;
    const stores = {
      counters: dynamoCounters(client, tables.countersTable, Date.now),
      registry: dynamoRegistry(client, { counters: tables.countersTable, posts: tables.postsTable }, of, Date.now),
      posts: dynamoTouches(client, tables.postsTable),
      progress: dynamoProgress(client, tables.countersTable, Date.now),
      unreadable: { keep: async () => undefined },
    };
    this.#iterators ??= await this.#atTheBeginning();
    const iterators = this.#iterators;
    while (!stopping.aborted) {
      for (const [shard, ShardIterator] of iterators) {
        const page = await this.#read(ShardIterator);
        iterators.set(shard, page.next);
        if (page.records.length === 0) continue;
        const patience = { deadline: Date.now() + 200_000, now: Date.now, sleep: async (ms: number) => sleep(ms) };
        await aggregateBatch(shard, page.records, of, stores, { ...patience, random: Math.random });
      }
      await sleep(pauseMs);
    }
  }

  async #atTheBeginning(): Promise<Map<string, string>> {
    const { Table } = await this.clients.dynamodb.send(new DescribeTableCommand({ TableName: tables.postsTable }));
    const StreamArn = Table!.LatestStreamArn!;
    const { StreamDescription } = await this.clients.changes.send(new DescribeStreamCommand({ StreamArn }));
    const iterators = new Map<string, string>();
    for (const { ShardId } of StreamDescription!.Shards!) {
      const get = new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType: 'TRIM_HORIZON' });
      iterators.set(ShardId!, (await this.clients.changes.send(get)).ShardIterator!);
    }
    return iterators;
  }

  async #read(ShardIterator: string): Promise<{ records: DynamoDBRecord[]; next: string }> {
    const { Records = [], NextShardIterator } = await this.clients.changes.send(
      new GetRecordsCommand({ ShardIterator, Limit: 50 }),
    );
    const records = Records.map(({ dynamodb, ...record }) => ({
      ...record,
      dynamodb: { ...dynamodb, ApproximateCreationDateTime: dynamodb!.ApproximateCreationDateTime!.getTime() / 1000 },
    }));
    return { records: records as unknown as DynamoDBRecord[], next: NextShardIterator! };
  }

  registry = (): Promise<Registry | undefined> => readRegistry(this.#here.client, tables.countersTable);

  /** Generations of which there are counters, by metric. */
  async generations(): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
    const found = new Map<string, Set<number>>();
    for (const { pk } of await this.#items(tables.countersTable)) {
      const [id, generation] = String(pk).split('#');
      if (generation === undefined) continue;
      found.set(id!, (found.get(id!) ?? new Set()).add(Number(generation)));
    }
    return found;
  }

  /** What counters say that answers are read from, by the metric's name. */
  async live(of: readonly Metric[]): Promise<Readonly<Record<string, Counted>>> {
    const [registry, items] = [await this.registry(), await this.#items(tables.countersTable)];
    const counted = of.map((metric) => {
      const generation = liveGeneration(registry, metricId(metric));
      if (generation === undefined) throw new RangeError(`${metric.name} is not live`);
      const prefix = `${metricId(metric)}#${generation}#`;
      const addends = items
        .filter(({ pk }) => String(pk).startsWith(prefix))
        .map(({ pk, sk, v }) => {
          const [group] = /.*(?=#\d+$)/.exec(String(pk).slice(prefix.length)) ?? [''];
          return [`${group}\n${String(sk)}`, BigInt(v as number)] as const;
        });
      return [metric.name, summed(addends)] as const;
    });
    return Object.fromEntries(counted);
  }

  /** The same from the posts. */
  async recomputed(of: readonly Metric[]): Promise<Readonly<Record<string, Counted>>> {
    const posts = (await this.#items(tables.postsTable)) as unknown as readonly Post[];
    const counted = of.map((metric) => {
      const addends = posts.flatMap((post) => contribution(metric, post));
      return [
        metric.name,
        summed(addends.map(({ counter, amount }) => [`${counter.group}\n${counter.member}`, amount])),
      ] as const;
    });
    return Object.fromEntries(counted);
  }

  async #items(TableName: string): Promise<readonly Record<string, unknown>[]> {
    const items: Record<string, unknown>[] = [];
    const scan = paginateScan({ client: this.clients.dynamodb }, { TableName, ConsistentRead: true });
    for await (const { Items = [] } of scan) items.push(...Items);
    return items;
  }
}

function summed(addends: readonly (readonly [string, bigint])[]): Counted {
  const sums = new Map<string, bigint>();
  for (const [counter, amount] of addends) sums.set(counter, (sums.get(counter) ?? 0n) + amount);
  return Object.fromEntries([...sums].filter(([, sum]) => sum !== 0n).sort());
}
