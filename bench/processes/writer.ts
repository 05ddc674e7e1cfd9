import { BatchWriteItemCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { localKey, localRegion } from '../../cli/aws.ts';
import { feeds } from '../../model/feeds/index.ts';
import type { Part } from '../../model/post.ts';
import { type LogRecord, rowsOf } from '../../model/rows.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import { serve } from '../child.ts';
import type { StreamRecord } from '../events.ts';

export interface Writing {
  readonly endpoint: string;
  readonly table: string;
  /** One `UpdateItem` an event, or `BatchWriteItem` with 25 at a time. */
  readonly by: 'UpdateItem' | 'BatchWriteItem';
  /** Calls under way at the same time. */
  readonly concurrency: number;
  /** Of the first post that is written. */
  readonly ind: number;
  /** Not counted. */
  readonly warmMs: number;
  readonly ms: number;
}

interface StoredPart {
  readonly feed: FeedName;
  readonly part: Part;
}

/** Writes posts as large as the clean function's, and does nothing else. */
const duties = {
  /** @returns how many parts there are to write, over and over */
  prepare: (records: readonly StreamRecord[]): number => {
    parts = records.map(({ feed, json }, at) => {
      const offset = `4966${String(at).padStart(52, '0')}`;
      const record: LogRecord = {
        source: 'kinesis',
        topic: `streaming-demo-${feed}`,
        partition: 'shardId-000000000000',
        offset,
        arrivalMs: Date.now(),
        bytes: Buffer.from(json),
      };
      const { orderKey, result } = rowsOf(record, feeds[feed])[0]!;
      if (!result.ok) throw new RangeError(`${json} is no clean row`);
      return { feed, part: { k: orderKey, rules: feeds[feed].rules, fields: result.fields } };
    });
    return parts.length;
  },
  /** @returns events stored a second */
  write: async ({ endpoint, table, by, concurrency, ind, warmMs, ms }: Writing): Promise<number> => {
    const client = new DynamoDBClient({
      endpoint,
      region: localRegion,
      credentials: localKey,
      maxAttempts: 1,
      requestHandler: { httpAgent: { maxSockets: concurrency } },
    });
    let next = 0;
    let stored = 0;
    let running = true;
    const step =
      by === 'UpdateItem'
        ? async () => {
            const at = next++;
            await client.send(updateOf(table, ind + Math.floor(at / 3), parts[at % parts.length]!));
            stored += 1;
          }
        : async () => {
            const from = next;
            next += perBatch;
            const batch = Array.from({ length: perBatch }, (_, at) => parts[(from + at) % parts.length]!);
            await client.send(batchOf(table, ind + from, batch));
            stored += perBatch;
          };
    const writers = Array.from({ length: concurrency }, async () => {
      while (running) await step();
    });
    const all = Promise.all(writers);
    const [began, before] = await Promise.race([
      all.then(() => [0, 0] as const),
      after(warmMs, () => [performance.now(), stored] as const),
    ]);
    const rate = await Promise.race([
      all.then(() => 0),
      after(ms, () => ((stored - before) * 1000) / (performance.now() - began)),
    ]);
    running = false;
    await all;
    client.destroy();
    return rate;
  },
};

export type WriterDuties = typeof duties;

const perBatch = 25;
let parts: readonly StoredPart[] = [];

const after = <T>(ms: number, value: () => T): Promise<T> =>
  new Promise((resolve) => setTimeout(() => resolve(value()), ms));

/** The clean function's statement. */
const updateOf = (table: string, ind: number, { feed, part }: StoredPart) =>
  new UpdateItemCommand({
    TableName: table,
    Key: { ind: { N: String(ind) } },
    UpdateExpression: 'SET #feed = :part',
    ConditionExpression: 'attribute_not_exists(#feed) OR #feed.k < :k OR (#feed.k = :k AND #feed.#rules < :rules)',
    ExpressionAttributeNames: { '#feed': feed, '#rules': 'rules' },
    ExpressionAttributeValues: marshall({ ':part': part, ':k': part.k, ':rules': part.rules }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

/** One item an event: a batch cannot change a part of an item, so this is more than a clean function may do. */
const batchOf = (table: string, first: number, batch: readonly StoredPart[]) =>
  new BatchWriteItemCommand({
    RequestItems: {
      [table]: batch.map(({ feed, part }, at) => ({
        PutRequest: { Item: marshall({ ind: first + at, [feed]: part }) },
      })),
    },
  });

serve(duties);
