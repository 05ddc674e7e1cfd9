import { randomUUID } from 'node:crypto';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStacks,
  waitUntilStackExists,
} from '@aws-sdk/client-cloudformation';
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ResourceNotFoundException as NoLogGroup,
  PutLogEventsCommand,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  ResourceNotFoundException as NoTable,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  ResourceNotFoundException as NoStream,
  PutRecordCommand,
  PutRecordsCommand,
  waitUntilStreamExists,
} from '@aws-sdk/client-kinesis';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateScan,
  QueryCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { deployed } from './runtime.ts';
import { all, atOnce, open, runForSdk, text, waiting } from './sdk.ts';
import { objects } from './sdk-s3.ts';

const { stream: StreamName, table: TableName, bucket: Bucket, logGroup: logGroupName } = deployed;
const running = runForSdk();

describe('Kinesis', () => {
  let kinesis: KinesisClient;
  beforeAll(() => {
    kinesis = open(new KinesisClient());
  });

  async function read(ShardId: string, StartingSequenceNumber: string) {
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName,
        ShardId,
        ShardIteratorType: 'AT_SEQUENCE_NUMBER',
        StartingSequenceNumber,
      }),
    );
    return kinesis.send(new GetRecordsCommand({ ShardIterator }));
  }

  test('PutRecord and GetRecords over HTTP/2', async () => {
    expect(kinesis.config.requestHandler.metadata?.handlerProtocol).toBe('h2');
    const Data = Buffer.from(JSON.stringify({ index: 1, title: text }));
    const put = await kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: '1', Data }));
    expect(put).toMatchObject(atOnce);
    const { Records, NextShardIterator } = await read(put.ShardId!, put.SequenceNumber!);
    expect(Records!.map((record) => Buffer.from(record.Data!))).toContainEqual(Data);
    expect(Math.abs(Records![0]!.ApproximateArrivalTimestamp!.getTime() - Date.now())).toBeLessThan(60_000);
    expect(NextShardIterator).toBeDefined();
  });

  test('PutRecords puts 500 at once, many requests go side by side', async () => {
    const Records = Array.from({ length: 500 }, (_, at) => ({ PartitionKey: String(at), Data: Buffer.from(`${at}`) }));
    const put = await kinesis.send(new PutRecordsCommand({ StreamName: 'streaming-demo-geo', Records }));
    expect(put).toMatchObject({ ...atOnce, FailedRecordCount: 0 });
    const one = new PutRecordCommand({ StreamName, PartitionKey: '1', Data: Buffer.from('{}') });
    const answers = await Promise.all(Array.from({ length: 50 }, () => kinesis.send(one)));
    expect(new Set(answers.map(({ SequenceNumber }) => SequenceNumber)).size).toBe(50);
  });

  test('DescribeStreamSummary, ListShards and PutRecord by StreamARN', async () => {
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    const { StreamARN, OpenShardCount } = StreamDescriptionSummary!;
    expect(StreamDescriptionSummary).toMatchObject({ StreamName, StreamStatus: 'ACTIVE' });
    const byArn = await kinesis.send(new DescribeStreamSummaryCommand({ StreamARN }));
    expect(byArn.StreamDescriptionSummary).toEqual(StreamDescriptionSummary);
    const { Shards } = await kinesis.send(new ListShardsCommand({ StreamARN }));
    expect(Shards).toHaveLength(OpenShardCount!);
    const Data = Buffer.from('{}');
    const { ShardId } = await kinesis.send(new PutRecordCommand({ StreamARN, PartitionKey: '1', Data }));
    expect(Shards!.map((shard) => shard.ShardId)).toContain(ShardId);
  });

  test('a waiter, and a stream that is not there', async () => {
    await expect(waitUntilStreamExists({ client: kinesis, ...waiting }, { StreamName })).resolves.toMatchObject({
      state: 'SUCCESS',
    });
    const missing = kinesis.send(new DescribeStreamSummaryCommand({ StreamName: 'streaming-nobody-pin' }));
    await expect(missing).rejects.toBeInstanceOf(NoStream);
    await expect(missing).rejects.toMatchObject({ $metadata: { attempts: 1 } });
  });
});

/** Without the stamp of the aggregate function, which counts posts sooner or later. */
function written({ gen: _, ...item }: Record<string, unknown> = {}): Record<string, unknown> {
  return item;
}

describe('DynamoDB', () => {
  let dynamodb: DynamoDBDocumentClient;
  beforeAll(() => {
    dynamodb = DynamoDBDocumentClient.from(open(new DynamoDBClient()));
  });

  test('Put, Get, Query, Update and Delete of documents', async () => {
    const Item = { ind: 1_000_001, pin: { k: 'a', fields: { title: text, tags: ['x'], follower_count: 1200 } } };
    const put = await dynamodb.send(new PutCommand({ TableName, Item }));
    expect(put).toMatchObject(atOnce);
    const Key = { ind: Item.ind };
    const got = await dynamodb.send(new GetCommand({ TableName, Key, ConsistentRead: true }));
    expect(written(got.Item)).toEqual(Item);
    const queried = await dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'ind = :ind',
        ExpressionAttributeValues: { ':ind': Item.ind },
      }),
    );
    expect(queried.Items!.map(written)).toEqual([Item]);
    const updated = await dynamodb.send(
      new UpdateCommand({
        TableName,
        Key,
        UpdateExpression: 'SET pin.k = :k',
        ConditionExpression: 'pin.k < :k',
        ExpressionAttributeValues: { ':k': 'b' },
        ReturnValues: 'ALL_NEW',
      }),
    );
    expect(written(updated.Attributes)).toEqual({ ...Item, pin: { ...Item.pin, k: 'b' } });
    await dynamodb.send(new DeleteCommand({ TableName, Key }));
    expect((await dynamodb.send(new GetCommand({ TableName, Key }))).Item).toBeUndefined();
  });

  test('BatchWrite, BatchGet, Scan and pages of a scan', async () => {
    const inds = Array.from({ length: 25 }, (_, at) => 2_000_000 + at);
    const run = randomUUID();
    const requests = inds.map((ind) => ({ PutRequest: { Item: { ind, run } } }));
    const written = await dynamodb.send(new BatchWriteCommand({ RequestItems: { [TableName]: requests } }));
    expect(written.UnprocessedItems).toEqual({});
    const keys = inds.slice(0, 3).map((ind) => ({ ind }));
    const got = await dynamodb.send(new BatchGetCommand({ RequestItems: { [TableName]: { Keys: keys } } }));
    expect(got.Responses![TableName]).toHaveLength(3);
    const wanted = { TableName, FilterExpression: 'run = :run', ExpressionAttributeValues: { ':run': run } };
    expect((await dynamodb.send(new ScanCommand({ ...wanted, Select: 'COUNT' }))).Count).toBe(25);
    const pages = await all(paginateScan({ client: dynamodb, pageSize: 10 }, wanted));
    expect(pages.length).toBeGreaterThan(2);
    expect(
      pages.flatMap(({ Items }) => Items!.map((item) => item['ind'])).toSorted((one, other) => one - other),
    ).toEqual(inds);
  });

  test('a waiter, a condition that fails and a table that is not there', async () => {
    await waitUntilTableExists({ client: dynamodb, ...waiting }, { TableName });
    const Item = { ind: 1_000_002 };
    await dynamodb.send(new PutCommand({ TableName, Item }));
    const again = dynamodb.send(
      new PutCommand({
        TableName,
        Item,
        ConditionExpression: 'attribute_not_exists(ind)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(again).rejects.toBeInstanceOf(ConditionalCheckFailedException);
    await expect(again).rejects.toMatchObject({ Item: { ind: { N: '1000002' } }, $metadata: { attempts: 1 } });
    await expect(dynamodb.send(new ScanCommand({ TableName: 'nobody' }))).rejects.toBeInstanceOf(NoTable);
  });
});

describe('S3', () => objects(running));

describe('CloudWatch Logs', () => {
  test('FilterLogEvents with pages, GetLogEvents, and following what comes', async () => {
    const logs = open(new CloudWatchLogsClient());
    const logStreamName = randomUUID();
    const named = { logGroupName, logStreamName };
    const start = Date.now();
    const write = (...messages: string[]) =>
      logs.send(
        new PutLogEventsCommand({
          ...named,
          logEvents: messages.map((message, at) => ({ timestamp: Date.now() + at, message })),
        }),
      );
    await logs.send(new CreateLogStreamCommand(named));
    expect(await write('line one', 'line two', 'line three', text)).toMatchObject(atOnce);

    const wanted = { logGroupName, logStreamNames: [logStreamName], startTime: start };
    const pages = await all(
      paginateFilterLogEvents({ client: logs, pageSize: 2 }, { ...wanted, filterPattern: 'line -two' }),
    );
    const lines = pages.flatMap(({ events }) => events!.map(({ message }) => message));
    expect(lines).toEqual(['line one', 'line three']);
    const first = await logs.send(new GetLogEventsCommand({ ...named, startFromHead: true }));
    expect(first.events!.map(({ message }) => message)).toEqual(['line one', 'line two', 'line three', text]);

    await write('line four');
    const { nextForwardToken } = first;
    const next = await logs.send(new GetLogEventsCommand({ ...named, nextToken: nextForwardToken }));
    expect(next.events!.map(({ message }) => message)).toEqual(['line four']);
    const tail = await logs.send(new FilterLogEventsCommand({ ...wanted, startTime: next.events![0]!.timestamp }));
    expect(tail.events!.map(({ message }) => message)).toContain('line four');
    const missing = logs.send(new FilterLogEventsCommand({ logGroupName: '/nobody' }));
    await expect(missing).rejects.toBeInstanceOf(NoLogGroup);
  });
});

describe('CloudFormation', () => {
  test('DescribeStacks gives the outputs', async () => {
    const cloudformation = open(new CloudFormationClient());
    const StackName = 'pinflow-demo-speed';
    const one = await cloudformation.send(new DescribeStacksCommand({ StackName }));
    expect(one).toMatchObject(atOnce);
    expect(one.Stacks![0]!.Outputs).toContainEqual(
      expect.objectContaining({ OutputKey: 'PostsTable', OutputValue: TableName }),
    );
    expect(one.Stacks![0]!.CreationTime).toBeInstanceOf(Date);
    const pages = await all(paginateDescribeStacks({ client: cloudformation }, {}));
    expect(pages.flatMap(({ Stacks }) => Stacks!.map((stack) => stack.StackName)).sort()).toEqual([
      'pinflow-demo-ingest',
      'pinflow-demo-lake',
      'pinflow-demo-monitoring',
      'pinflow-demo-serving',
      'pinflow-demo-speed',
    ]);
    await waitUntilStackExists({ client: cloudformation, ...waiting }, { StackName });
    await expect(cloudformation.send(new DescribeStacksCommand({ StackName: 'nobody' }))).rejects.toMatchObject({
      name: 'ValidationError',
      message: 'Stack with id nobody does not exist',
    });
  });
});

describe('who is calling', () => {
  const whoAmI = async () => (await open(new STSClient()).send(new GetCallerIdentityCommand())).Arn;

  test('the profile is the administrator', async () => {
    expect(await whoAmI()).toBe('arn:aws:iam::000000000000:user/pinflow');
  });

  test('variables do instead of a profile', () =>
    within(running().endpointEnvironment, async () => {
      expect(await whoAmI()).toBe('arn:aws:iam::000000000000:user/pinflow');
      await open(new S3Client()).send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
    }));

  test('a role’s key is refused what the role may not do', () =>
    within(running().roleEnvironment, async () => {
      expect(await whoAmI()).toContain(':assumed-role/pinflow-demo-speed-');
      const denied = {
        's3:GetObject': open(new S3Client()).send(new GetObjectCommand({ Bucket, Key: 'a' })),
        's3:ListBucket': open(new S3Client()).send(new ListObjectsV2Command({ Bucket })),
        'dynamodb:Scan': open(new DynamoDBClient()).send(new ScanCommand({ TableName })),
        'kinesis:PutRecord': open(new KinesisClient()).send(
          new PutRecordCommand({ StreamName, PartitionKey: '1', Data: Buffer.from('a') }),
        ),
        'logs:FilterLogEvents': open(new CloudWatchLogsClient()).send(new FilterLogEventsCommand({ logGroupName })),
        'cloudformation:DescribeStacks': open(new CloudFormationClient()).send(new DescribeStacksCommand()),
      };
      await Promise.allSettled(Object.values(denied));
      for (const [action, call] of Object.entries(denied)) {
        await expect(call).rejects.toMatchObject({
          name: expect.stringMatching(/^AccessDenied(Exception)?$/),
          message: expect.stringContaining(action),
          $metadata: expect.objectContaining({ attempts: 1 }),
        });
      }
    }));
});

/** With these variables of AWS alone. */
async function within(environment: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  const usual = running().environment;
  for (const name of Object.keys(usual)) delete process.env[name];
  Object.assign(process.env, environment);
  try {
    await work();
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, usual);
  }
}
