import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { feedNames } from '../cli/emulator/posts.ts';
import { type BatchStores, cleanBatch } from '../lambda/speed/clean/clean-batch.ts';
import { readRecords } from '../lambda/speed/clean/event.ts';
import { dynamoPosts } from '../lambda/speed/clean/posts.ts';
import { feeds } from '../model/feeds/index.ts';
import { type LogRecord, rowsOf } from '../model/rows.ts';
import type { FeedName } from '../model/rules/rule.ts';
import { compare } from './compare.ts';
import { postsFrom, recordsOf, type StreamRecord } from './events.ts';
import { type Cell, ratio, type Section } from './report.ts';
import type { Surroundings } from './surroundings.ts';

const rounds = { count: 5, ms: 300 };
const postCount = 1_000;
/** As the laptop's event source mappings have it. */
const batchSize = 200;
const stream = 'streaming-bench-';
const feedBySource = new Map<string, FeedName>(feedNames.map((feed) => [stream + feed, feed]));

/** Rows a second through the rules, and through the handler on stores that answer at once. */
export async function clean({ note }: Surroundings): Promise<readonly Section[]> {
  note('making rows');
  const records = recordsOf(0, postsFrom(0, postCount));
  note('cleaning rows');
  const rules: Cell[][] = [];
  for (const feed of feedNames) rules.push(await ruleRates(feed, records));
  note('handling batches');
  return [
    {
      name: 'rules',
      title: 'Rows a second: unwrapped and cleaned, beside JSON.parse of the same bytes',
      columns: ['feed', 'bytes a row', 'cleaned', 'JSON.parse', 'ratio'],
      rows: rules,
    },
    {
      name: 'handler',
      title: `Rows a second through the handler, in batches of ${batchSize}; the stores answer at once`,
      columns: ['stores', 'rows', 'JSON.parse', 'ratio'],
      rows: await handlerRates(records),
    },
  ];
}

async function ruleRates(feed: FeedName, records: readonly StreamRecord[]) {
  const own = records
    .filter((record) => record.feed === feed)
    .map(({ json }, at) => logRecord(feed, Buffer.from(json), at));
  const bytes = own.reduce((sum, record) => sum + record.bytes.length, 0) / own.length;
  const rates = await compare(
    {
      cleaned: () => {
        for (const record of own) if (rowsOf(record, feeds[feed]).length !== 1) throw new RangeError('one row each');
        return own.length;
      },
      parsed: () => {
        for (const { bytes } of own) JSON.parse((bytes as Buffer).toString('utf8'));
        return own.length;
      },
    },
    rounds,
  );
  return [feed, Math.round(bytes), rates.cleaned, rates.parsed, ratio(rates.cleaned, rates.parsed)];
}

async function handlerRates(records: readonly StreamRecord[]) {
  // A batch comes from one shard of one stream.
  const batches = feedNames.flatMap((feed) => {
    const own = records.filter((record) => record.feed === feed).map(kinesisRecord);
    return Array.from({ length: Math.ceil(own.length / batchSize) }, (_, at) =>
      own.slice(at * batchSize, (at + 1) * batchSize),
    );
  });
  const quarantine = { keep: async () => {} };
  const silentClient = { send: async () => ({}) } as unknown as DynamoDBClient;
  const handled = (stores: BatchStores) => {
    let turn = 0;
    return async () => {
      const batch = batches[turn++ % batches.length]!;
      const { feeds: outcomes } = await cleanBatch(readRecords({ Records: batch }, feedBySource), stores, {
        deadline: 60_000,
        now: () => 0,
        sleep: async () => {},
        random: Math.random,
      });
      const stored = [...outcomes.values()].reduce((sum, { applied }) => sum + applied, 0);
      if (stored !== batch.length) throw new RangeError(`${stored} of ${batch.length} rows were stored`);
      return stored;
    };
  };
  let turn = 0;
  const rates = await compare(
    {
      'take any row': handled({ posts: { write: async () => 'applied' }, quarantine }),
      'build the UpdateItem': handled({
        posts: dynamoPosts(silentClient, 'posts', { current: async () => 0, heardOf: () => undefined }),
        quarantine,
      }),
      parsed: () => {
        const batch = batches[turn++ % batches.length]!;
        for (const { kinesis } of batch) JSON.parse(Buffer.from(kinesis.data, 'base64').toString('utf8'));
        return batch.length;
      },
    },
    rounds,
  );
  return (['take any row', 'build the UpdateItem'] as const).map((name) => [
    name,
    rates[name],
    rates.parsed,
    ratio(rates[name], rates.parsed),
  ]);
}

const shard = 'shardId-000000000000';
const offset = (at: number): string => `4966${String(at).padStart(52, '0')}`;
const arrivalMs = 1_700_000_000_000;

const logRecord = (feed: FeedName, bytes: Buffer, at: number): LogRecord => ({
  source: 'kinesis',
  topic: stream + feed,
  partition: shard,
  offset: offset(at),
  arrivalMs: arrivalMs + at,
  bytes,
});

/** As an event source mapping delivers it. */
const kinesisRecord = ({ feed, json, ind }: StreamRecord, at: number) => ({
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: String(ind),
    sequenceNumber: offset(at),
    data: Buffer.from(json).toString('base64'),
    approximateArrivalTimestamp: (arrivalMs + at) / 1000,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: `${shard}:${offset(at)}`,
  eventName: 'aws:kinesis:record',
  invokeIdentityArn: 'arn:aws:iam::000000000000:role/bench',
  awsRegion: 'us-east-1',
  eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}${feed}`,
});
