import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, ListShardsCommand } from '@aws-sdk/client-kinesis';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { account } from '../../cli/accounting/account.ts';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { accountTable } from '../../cli/accounting/print.ts';
import { clientsAt } from '../../cli/aws.ts';
import { coordinateInKey } from '../../model/coordinates.ts';
import { orderKey } from '../../model/order-key.ts';

const cloudformation = mockClient(CloudFormationClient);
const kinesis = mockClient(KinesisClient);
const dynamodb = mockClient(DynamoDBDocumentClient);
const s3 = mockClient(S3Client);
const clients = clientsAt('http://127.0.0.1:1');
afterEach(() => {
  for (const mock of [cloudformation, kinesis, dynamodb, s3]) mock.reset();
});

const names = {
  streams: { pin: 'streaming-demo-pin', geo: 'streaming-demo-geo', user: 'streaming-demo-user' },
  postsTable: 'pinflow-demo-posts',
  quarantineBucket: 'quarantine',
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
        stack('pinflow-demo-speed', { PostsTable: 'pinflow-demo-posts' }),
        stack('pinflow-demo-lake', { QuarantineBucket: 'quarantine' }),
      ],
    });
  expect(await deployedNames(clients, 'demo')).toEqual(names);
  await expect(deployedNames(clients, 'other')).rejects.toThrow(
    'No stack of the deployment "other" has the output StreamNames. There are: pinflow-demo-lake, pinflow-demo-speed.',
  );
});

test('every row of the log is accounted for by table and quarantine', async () => {
  const user = (age: unknown) => ({
    ind: 1,
    first_name: 'Ada',
    last_name: 'Byron',
    age,
    date_joined: '2016-01-01 00:00:00',
  });
  const data = [user(30), [user(30), user(31)], user('young'), user(32)];
  const partition = 'shardId-000000000000';
  const at = (record: number, position: number) =>
    ({ source: 'kinesis', topic: names.streams.user, partition, offset: String(100 + record), position }) as const;
  kinesis.on(ListShardsCommand).resolves({ Shards: [] });
  kinesis.on(ListShardsCommand, { StreamName: names.streams.user }).resolves({
    Shards: [{ ShardId: partition, HashKeyRange: undefined, SequenceNumberRange: undefined }],
  });
  kinesis.on(GetShardIteratorCommand).resolves({ ShardIterator: 'start' });
  const records = data.map((row, number) => ({
    SequenceNumber: String(100 + number),
    ApproximateArrivalTimestamp: new Date(1_700_000_000_000 + number),
    Data: Buffer.from(JSON.stringify(row)),
    PartitionKey: 'key',
  }));
  kinesis
    .on(GetRecordsCommand)
    .resolvesOnce({ Records: [], NextShardIterator: 'on', MillisBehindLatest: 10 })
    .resolvesOnce({ Records: records.slice(0, 3), NextShardIterator: 'on', MillisBehindLatest: 1 })
    .resolvesOnce({ Records: records.slice(3), NextShardIterator: 'on', MillisBehindLatest: 0 })
    .resolves({ Records: [], NextShardIterator: 'on', MillisBehindLatest: 0 });
  const stored = { user_name: 'Ada Byron', age: 31, date_joined: '2016-01-01T00:00:00.000Z' };
  dynamodb.on(ScanCommand).resolves({
    Items: [{ ind: 1, user: { k: orderKey(1_700_000_000_001, at(1, 1)), rules: 1, fields: stored } }],
  });
  s3.on(ListObjectsV2Command).resolves({
    Contents: [{ Key: `quarantine/speed/user/dt=2023-11-14/${coordinateInKey(at(2, 0))}.json` }],
  });

  const found = await account(clients, names);
  expect(found.user).toMatchObject({
    records: 4,
    rows: 5,
    applied: 1,
    duplicate: 0,
    superseded: 2,
    quarantined: 1,
    missing: 1,
    quarantinedBy: { integer: 1 },
  });
  expect(found.user.missingRows).toEqual([at(3, 0)]);
  expect([...found.user.places.keys()][3]).toBe(`${partition}/103`);
  expect(accountTable(found)).toContain('user  integer 1');
});
