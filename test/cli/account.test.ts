import { gzipSync } from 'node:zlib';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from '@aws-sdk/client-kinesis';
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { type Accounted, account, endOf, lostRowCount, settledAccount } from '../../cli/accounting/account.ts';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { accountJson, accountTable, endedRows, remarks } from '../../cli/accounting/print.ts';
import { clientsAt } from '../../cli/aws.ts';
import { coordinateInKey } from '../../model/coordinates.ts';
import { orderKey } from '../../model/order-key.ts';
import { rawLine } from '../../model/raw-line.ts';

const cloudformation = mockClient(CloudFormationClient);
const kinesis = mockClient(KinesisClient);
const dynamodb = mockClient(DynamoDBDocumentClient);
const lambda = mockClient(LambdaClient);
const s3 = mockClient(S3Client);
const clients = clientsAt('http://127.0.0.1:1');
afterEach(() => {
  for (const mock of [cloudformation, kinesis, dynamodb, lambda, s3]) mock.reset();
});

const names = {
  streams: { pin: 'streaming-demo-pin', geo: 'streaming-demo-geo', user: 'streaming-demo-user' },
  postsTable: 'pinflow-demo-posts',
  countersTable: 'pinflow-demo-counters',
  quarantineBucket: 'quarantine',
  cleanFunction: 'pinflow-demo-clean',
  redriveFunction: 'pinflow-demo-redrive',
};

test('the names are those of the deployment’s own stacks', async () => {
  const outputs = (of: Record<string, string>) =>
    Object.entries(of).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  const stack = (StackName: string, of: Record<string, string>) => ({
    StackName,
    Outputs: outputs(of),
    CreationTime: new Date(),
    StackStatus: 'CREATE_COMPLETE' as const,
  });
  cloudformation
    .on(DescribeStacksCommand)
    .resolvesOnce({
      Stacks: [
        stack('pinflow-demo-ingest', { StreamNames: 'streaming-demo-geo,streaming-demo-pin,streaming-demo-user' }),
        stack('pinflow-demo-b-speed', { PostsTable: 'pinflow-demo-b-posts' }),
      ],
      NextToken: 'more',
    })
    .resolves({
      Stacks: [
        stack('pinflow-demo-speed', {
          PostsTable: 'pinflow-demo-posts',
          CountersTable: 'pinflow-demo-counters',
          CleanFunctionName: 'pinflow-demo-clean',
          RedriveFunctionName: 'pinflow-demo-redrive',
        }),
        stack('pinflow-demo-lake', { QuarantineBucket: 'quarantine' }),
      ],
    });
  expect(await deployedNames(clients, 'demo')).toEqual(names);
  await expect(deployedNames(clients, 'other')).rejects.toThrow(
    'There is no deployment "other" here. --deployment can be demo.',
  );
});

const partition = 'shardId-000000000000';
const arrivedAt = 1_700_000_000_000;
const user = (age: unknown, ind = 1) => ({
  ind,
  first_name: 'Ada',
  last_name: 'Byron',
  age,
  date_joined: '2016-01-01 00:00:00',
});
const at = (record: number, position = 0) =>
  ({ source: 'kinesis', topic: names.streams.user, partition, offset: String(100 + record), position }) as const;
const part = (age: number, record: number, position = 0) => ({
  k: orderKey(arrivedAt + record, at(record, position)),
  rules: 1,
  fields: { user_name: 'Ada Byron', age, date_joined: '2016-01-01T00:00:00.000Z' },
});

/** A stream of users with one shard; the streams of the other feeds have none. */
function streamOf(data: readonly unknown[], created = new Date()): void {
  kinesis.on(ListShardsCommand).resolves({ Shards: [] });
  kinesis.on(ListShardsCommand, { StreamName: names.streams.user }).resolves({
    Shards: [{ ShardId: partition, HashKeyRange: undefined, SequenceNumberRange: undefined }],
  });
  kinesis.on(DescribeStreamSummaryCommand).resolves({
    StreamDescriptionSummary: { StreamCreationTimestamp: created, RetentionPeriodHours: 24 } as never,
  });
  kinesis.on(GetShardIteratorCommand).resolves({ ShardIterator: '0' });
  const records = data.map((row, number) => ({
    SequenceNumber: String(100 + number),
    ApproximateArrivalTimestamp: new Date(arrivedAt + number),
    Data: Buffer.from(JSON.stringify(row)),
    PartitionKey: 'key',
  }));
  const pages = [[], records.slice(0, 3), records.slice(3), []];
  kinesis.on(GetRecordsCommand).callsFake(({ ShardIterator }) => ({
    Records: pages[Number(ShardIterator)],
    NextShardIterator: String(Number(ShardIterator) + 1),
    MillisBehindLatest: 2 - Number(ShardIterator),
  }));
}

/** What one scan after the other finds; the last finds the same for ever. */
function itemsAre(...states: object[][]): void {
  let next = 0;
  dynamodb.on(ScanCommand).callsFake(() => ({ Items: states[Math.min(next++, states.length - 1)] }));
}

/** @param objects key -> text */
function bucketHolds(objects: Readonly<Record<string, string>>): void {
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }) => ({
    Contents: Object.keys(objects)
      .filter((Key) => Key.startsWith(Prefix))
      .map((Key) => ({ Key, Size: 1, LastModified: new Date(arrivedAt) })),
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }) => ({ Body: { transformToString: async () => objects[Key] } }));
}

const readBy = (mapping: object = {}) =>
  lambda.on(ListEventSourceMappingsCommand, { FunctionName: names.cleanFunction }).resolves({
    EventSourceMappings: [
      {
        EventSourceArn: `arn:aws:kinesis:us-east-1:000000000000:stream/${names.streams.user}`,
        BatchSize: 2,
        ParallelizationFactor: 1,
        MaximumRecordAgeInSeconds: -1,
        State: 'Enabled',
        LastModified: new Date(arrivedAt),
        ...mapping,
      },
    ],
  });

const parkedBatch = (record: number, row: unknown) =>
  JSON.stringify({
    payload: JSON.stringify({
      Records: [
        {
          eventID: `${partition}:${100 + record}`,
          eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${names.streams.user}`,
          kinesis: {
            sequenceNumber: String(100 + record),
            approximateArrivalTimestamp: arrivedAt / 1000,
            data: Buffer.from(JSON.stringify(row)).toString('base64'),
          },
        },
      ],
    }),
  });
const quarantinedKey = (record: number) => `quarantine/speed/user/dt=2023-11-14/${coordinateInKey(at(record))}.json`;

const fates = (of: Accounted) =>
  of.fates.map((row) => `${row.coordinate.offset}/${row.coordinate.position} ${endOf(of, row)}`);

test('every row of the log is accounted for by table, quarantine and the batches given up', async () => {
  const data = [user(30), [user(30), user(31)], user('young'), user(32, 2), user(33, 3)];
  streamOf(data);
  itemsAre([{ ind: 1, user: part(31, 1, 1) }]);
  bucketHolds({ [quarantinedKey(2)]: '', [`aws/lambda/id/${partition}/2023/a`]: parkedBatch(3, data[3]) });
  readBy();

  const found = await account(clients, names);
  expect(found.user).toMatchObject({
    records: 5,
    rows: 6,
    applied: 1,
    duplicate: 0,
    superseded: 2,
    quarantined: 1,
    parked: 1,
    missing: 1,
    quarantinedBy: { integer: 1 },
    missingRows: [at(4)],
  });
  expect(fates(found.user)).toEqual([
    '100/0 superseded',
    '101/0 superseded',
    '101/1 applied',
    '102/0 quarantined',
    '103/0 parked',
    '104/0 in flight',
  ]);
  expect([...found.user.places.keys()][3]).toBe(`kinesis/streaming-demo-user/${partition}/103`);
  expect(accountTable(found)).toMatch(/user +5 +6 +1 +0 +2 +1 +1 +1 +0\n/);
  expect(accountTable(found)).toContain('user  integer 1');
  expect(remarks(found)).toEqual([
    '1 row is in flight: ask again, or wait longer with --wait.',
    '1 row is in batches that were given up: npm run redrive takes them up again.',
  ]);
  expect([...endedRows(found, ['user'])].at(-1)).toEqual({
    feed: 'user',
    coordinate: `kinesis/streaming-demo-user/${partition}/104/0`,
    arrival: '2023-11-14T22:13:20.004Z',
    fate: 'in flight',
  });
  expect(accountJson(found, ['user'])).toEqual({
    user: expect.objectContaining({ rows: 6, parked: 1, inFlight: 1, lost: 0 }),
  });
});

test('a row that its mapping has left behind is lost, and none that is only slow', async () => {
  const data = [user(30, 1), user(30, 2), user(30, 3), user(30, 4)];
  const [third] = [{ ind: 3, user: part(30, 2) }];
  streamOf(data);
  bucketHolds({});
  readBy();
  itemsAre([third]);
  const found = await account(clients, names);
  expect(fates(found.user)).toEqual(['100/0 lost', '101/0 in flight', '102/0 applied', '103/0 in flight']);
  expect(remarks(found)[0]).toBe('1 row is lost: --coordinates names them.');

  // The first was stored after its part of the table was read.
  streamOf(data);
  itemsAre([third], [{ ind: 1, user: part(30, 0) }, third]);
  expect(fates((await account(clients, names)).user)).toEqual([
    '100/0 applied',
    '101/0 in flight',
    '102/0 applied',
    '103/0 in flight',
  ]);

  streamOf(data);
  itemsAre([third]);
  readBy({ ParallelizationFactor: 2 });
  expect(lostRowCount(await account(clients, names))).toBe(0);
  streamOf(data);
  readBy({ MaximumRecordAgeInSeconds: 60 });
  expect(lostRowCount(await account(clients, names))).toBe(3);
});

test('waits until nothing is in flight, reading the streams once', async () => {
  streamOf([user(30)]);
  bucketHolds({});
  readBy();
  itemsAre([], [], [{ ind: 1, user: part(30, 0) }]);
  expect((await settledAccount(clients, names, { waitMs: 50_000 })).user).toMatchObject({ applied: 1, missing: 0 });
  expect(kinesis.commandCalls(GetShardIteratorCommand)).toHaveLength(1);

  itemsAre([]);
  streamOf([user(30)]);
  expect((await settledAccount(clients, names, { waitMs: 0 })).user).toMatchObject({ applied: 0, missing: 1 });
});

test('says what is no longer in a stream, and which object is no batch', async () => {
  streamOf([], new Date(arrivedAt));
  bucketHolds({ 'aws/lambda/id/strange': 'no JSON' });
  itemsAre([]);
  expect(remarks(await account(clients, names))).toEqual([
    'Every row is applied, duplicate, superseded or quarantined.',
    '1 object below aws/lambda/ holds no batch: aws/lambda/id/strange',
    ...['pin', 'geo', 'user'].map((feed) =>
      expect.stringMatching(`^${feed}: what arrived before .*Z is no longer in the stream, nor counted.$`),
    ),
  ]);
});

describe('where topics feed the speed layer', () => {
  const topics = { pin: 'demo.pin', geo: 'demo.geo', user: 'demo.user' };
  const batch = {
    topics,
    rawBucket: 'raw',
    workgroup: 'pinflow-demo',
    database: 'pinflow_demo',
    machineArn: 'arn',
    refereeFunction: 'referee',
    settlingSeconds: 3,
    runsTable: 'runs',
    backfillFunction: 'backfill',
  };
  const fed = { ...names, speedTopics: topics, batch };
  const afterTheStream = arrivedAt + 1_000;
  const inTopic = (record: number) =>
    ({ source: 'kafka', topic: topics.user, partition: '0', offset: String(record), position: 0 }) as const;
  const line = (record: number, row: unknown) =>
    rawLine({
      ...inTopic(record),
      arrivalMs: afterTheStream + record,
      key: null,
      value: Buffer.from(JSON.stringify(row)),
    });

  /** What raw holds of the topic, one object after the other; the last has landed when it was asked for again. */
  function topicHolds(...landed: readonly (readonly unknown[])[]): void {
    let asked = 0;
    s3.on(ListObjectsV2Command, { Bucket: 'raw', Prefix: 'raw/user/' }).callsFake(() => ({
      Contents: [
        { Key: 'raw/user/dt=2023-11-14/streaming-demo-user+shard+1.jsonl.gz', Size: 1 },
        ...landed
          .slice(0, ++asked)
          .map((_, at) => ({ Key: `raw/user/dt=2023-11-14/demo.user+0+${at}.jsonl.gz`, Size: 1 })),
      ],
    }));
    let first = 0;
    for (const [at, rows] of landed.entries()) {
      const text = rows.map((row) => `${line(first++, row)}\n`).join('');
      s3.on(GetObjectCommand, { Bucket: 'raw', Key: `raw/user/dt=2023-11-14/demo.user+0+${at}.jsonl.gz` }).callsFake(
        () => ({
          Body: { transformToByteArray: async () => gzipSync(text) },
        }),
      );
    }
  }

  const stored = (record: number, ind: number) => ({
    ind,
    user: { ...part(30, 0), k: orderKey(afterTheStream + record, inTopic(record)) },
  });

  test('rows of both doors are accounted for together, by their coordinates', async () => {
    streamOf([user(30, 1)]);
    bucketHolds({
      [`quarantine/speed/user/dt=2023-11-14/${coordinateInKey(inTopic(3))}.json`]: '',
    });
    topicHolds([user(30, 1), user(30, 2), user(30, 3), user('young', 4)]);
    lambda.on(ListEventSourceMappingsCommand).resolves({
      EventSourceMappings: [{ Topics: ['demo.user'], BatchSize: 1, State: 'Enabled', LastModified: new Date() }],
    });
    itemsAre([stored(0, 1), stored(2, 3)]);

    const found = await account(clients, fed);
    expect(fates(found.user)).toEqual(['100/0 duplicate', '0/0 applied', '1/0 lost', '2/0 applied', '3/0 quarantined']);
    expect(found.user).toMatchObject({ records: 5, rows: 5, missing: 1 });
    expect(remarks(found)).toEqual([
      '1 row is lost: --coordinates names them. npm run backfill stores what is in raw.',
      'Records of topics are counted once they are in raw.',
    ]);
    expect([...endedRows(found, ['user'])][1]).toMatchObject({ coordinate: 'kafka/demo.user/0/0/0', fate: 'applied' });
  });

  test('waits for what is expected of the topics to land', async () => {
    streamOf([]);
    bucketHolds({});
    topicHolds([user(30, 1)], [user(30, 2)]);
    itemsAre([stored(0, 1), stored(1, 2)]);
    const expected = { pin: new Set<string>(), geo: new Set<string>(), user: new Set(['kafka/demo.user/0/1']) };
    const found = await settledAccount(clients, fed, { waitMs: 50_000, expected });
    expect(found.user).toMatchObject({ records: 2, applied: 2 });
  });

  test('elsewhere it is said what each layer has seen', async () => {
    streamOf([]);
    bucketHolds({});
    itemsAre([]);
    const { speedTopics: _, ...unfed } = fed;
    expect(remarks(await account(clients, unfed))).toContain(
      'The speed layer has seen the streams alone: topics feed the batch layer.',
    );
    expect(s3.commandCalls(ListObjectsV2Command, { Bucket: 'raw' })).toEqual([]);
  });
});
