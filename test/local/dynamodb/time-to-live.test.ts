import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { dynamoDbGlobalTable } from '../../../local/resources/dynamodb-table.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

let directory: string;
let dynamodb: DynamoDbService;
let stream: string;
/** All but intervals. */
const TIMERS_OF_OTHERS = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setTimeout',
  'clearTimeout',
] as const;
const now = () => Math.floor(Date.now() / 1_000);

const deploy = (TimeToLiveSpecification?: object) =>
  dynamoDbGlobalTable(dynamodb).create({
    type: 'AWS::DynamoDB::GlobalTable',
    stack: 'speed',
    logicalId: 'Counters',
    path: 'speed/Counters',
    properties: {
      TableName: 'counters',
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification,
    },
    account: '000000000000',
    region: 'us-east-1',
    generatedName: () => 'generated',
  });

beforeEach(async () => {
  // No sweep comes but those of the tests.
  jest.useFakeTimers({ doNotFake: [...TIMERS_OF_OTHERS] });
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });
  stream = (await deploy({ AttributeName: 'ttl', Enabled: true })).attributes['StreamArn']!;
});

afterEach(async () => {
  await dynamodb.close();
  jest.useRealTimers();
  rmSync(directory, { recursive: true });
});

const put = (sk: string, ttl?: object) =>
  dynamodb.call('PutItem', { TableName: 'counters', Item: { pk: { S: sk }, sk: { S: sk }, ...(ttl && { ttl }) } });

async function left(): Promise<string[]> {
  const { Items } = await dynamodb.call('Scan', { TableName: 'counters' });
  return (Items as { sk: { S: string } }[]).map(({ sk }) => sk.S).sort();
}

async function removals(): Promise<Record<string, unknown>[]> {
  const { StreamDescription } = await dynamodb.call('DescribeStream', { StreamArn: stream });
  const found: Record<string, unknown>[] = [];
  for (const { ShardId } of (StreamDescription as { Shards: { ShardId: string }[] }).Shards) {
    const input = { StreamArn: stream, ShardId, ShardIteratorType: 'TRIM_HORIZON' };
    const { ShardIterator } = await dynamodb.call('GetShardIterator', input);
    const { Records } = await dynamodb.call('GetRecords', { ShardIterator });
    found.push(...(Records as Record<string, unknown>[]).filter(({ eventName }) => eventName === 'REMOVE'));
  }
  return found;
}

test('what is over is deleted as a service, and the stream says so', async () => {
  await put('over', { N: String(now() - 10) });
  await put('later', { N: String(now() + 100) });
  await put('without');
  await put('text', { S: String(now() - 10) });
  await put('a mistake', { N: '1000000' });
  await put('deleted', { N: String(now() - 10) });
  await dynamodb.call('DeleteItem', { TableName: 'counters', Key: { pk: { S: 'deleted' }, sk: { S: 'deleted' } } });
  await dynamodb.timeToLive.sweep();
  expect(await left()).toEqual(['a mistake', 'later', 'text', 'without']);
  const keyOf = ({ dynamodb: change }: Record<string, unknown>) => JSON.stringify((change as { Keys: unknown }).Keys);
  const [first, second, ...others] = (await removals()).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  expect(first).toMatchObject({ dynamodb: { Keys: { sk: { S: 'deleted' } } } });
  expect(first).not.toHaveProperty('userIdentity');
  expect(second).toMatchObject({
    dynamodb: { Keys: { sk: { S: 'over' } }, OldImage: { ttl: expect.anything() } },
    userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' },
  });
  expect(others).toEqual([]);
});

test('a big table is swept in parts, to its end', async () => {
  await Promise.all(Array.from({ length: 2_500 }, (_, i) => put(`k${i}`, { N: String(now() - 10) })));
  for (let part = 0; part < 3; part += 1) await dynamodb.timeToLive.sweep();
  expect(await left()).toEqual([]);
});

test('it is told and taken back by the template', async () => {
  const description = async () => dynamodb.call('DescribeTimeToLive', { TableName: 'counters' });
  expect(await description()).toEqual({
    TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' },
  });
  await deploy();
  expect(await description()).toEqual({ TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } });
  await put('over', { N: String(now() - 10) });
  await dynamodb.timeToLive.sweep();
  expect(await left()).toEqual(['over']);
});
