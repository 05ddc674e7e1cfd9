import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dynamoDbGlobalTable, dynamoDbTable } from '../../../local/resources/dynamodb-table.ts';
import type { ResourceRequest } from '../../../local/resources/resource.ts';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/posts';
const TABLE = {
  TableName: 'posts',
  KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
  BillingMode: 'PAY_PER_REQUEST',
};
let directory: string;
let dynamodb: DynamoDbService;

const open = () =>
  DynamoDbService.open({ directory: join(directory, 'dynamodb'), account: '000000000000', region: 'us-east-1' });

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await open();
});

afterEach(async () => {
  await dynamodb.close();
  rmSync(directory, { recursive: true });
});

const key = (ind: number) => ({ ind: { N: String(ind) } });
const get = async (ind: number) => (await dynamodb.call('GetItem', { TableName: 'posts', Key: key(ind) }))['Item'];

/** Writes `k` unless the item has a greater one. */
const advance = (ind: number, k: string) =>
  dynamodb.call('UpdateItem', {
    TableName: 'posts',
    Key: key(ind),
    UpdateExpression: 'SET k = :k',
    ConditionExpression: 'attribute_not_exists(k) OR k < :k',
    ExpressionAttributeValues: { ':k': { S: k } },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

const table = (properties: Record<string, unknown>): ResourceRequest => ({
  type: 'AWS::DynamoDB::Table',
  stack: 'speed',
  logicalId: 'Posts',
  path: 'speed/Posts',
  properties,
  account: '000000000000',
  region: 'us-east-1',
  generatedName: () => 'generated',
});

test('a failed condition brings the item that failed it', async () => {
  await dynamodb.createTable(TABLE);
  await advance(1, 'b');
  await expect(advance(1, 'a')).rejects.toMatchObject({
    code: 'ConditionalCheckFailedException',
    members: { Item: { ind: { N: '1' }, k: { S: 'b' } } },
  });
  await expect(
    dynamodb.call('DeleteItem', {
      TableName: 'posts',
      Key: key(1),
      ConditionExpression: 'attribute_not_exists(ind)',
    }),
  ).rejects.toMatchObject({ members: {} });
});

test('under concurrency the greatest key wins and every refusal shows a greater or equal one', async () => {
  await dynamodb.createTable(TABLE);
  const keys = Array.from({ length: 300 }, (_, i) => String((i * 7919) % 300).padStart(3, '0'));
  const outcomes = await Promise.allSettled(keys.map((k) => advance(7, k)));
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') expect(outcome.reason.members.Item.k.S >= keys[i]!).toBe(true);
  }
  expect(await get(7)).toEqual({ ind: { N: '7' }, k: { S: '299' } });
});

test('items and indexes survive a restart', async () => {
  await dynamodb.createTable({
    ...TABLE,
    AttributeDefinitions: [...TABLE.AttributeDefinitions, { AttributeName: 'k', AttributeType: 'S' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byK',
        KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  await advance(1, 'a');
  await advance(1, 'b');
  await dynamodb.close();
  dynamodb = await open();
  const query = (k: string) =>
    dynamodb.call('Query', {
      TableName: 'posts',
      IndexName: 'byK',
      KeyConditionExpression: 'k = :k',
      ExpressionAttributeValues: { ':k': { S: k } },
    });
  expect((await query('a'))['Count']).toBe(0);
  expect((await query('b'))['Items']).toEqual([{ ind: { N: '1' }, k: { S: 'b' } }]);
});

test('IAM decides by table and index, for a batch by each table', () => {
  expect(dynamodb.access('UpdateItem', { TableName: ARN })).toEqual([{ action: 'dynamodb:UpdateItem', resource: ARN }]);
  expect(dynamodb.access('Query', { TableName: 'posts', IndexName: 'i' })).toEqual([
    { action: 'dynamodb:Query', resource: `${ARN}/index/i` },
  ]);
  expect(dynamodb.access('BatchGetItem', { RequestItems: { posts: {}, other: {} } })).toHaveLength(2);
  expect(() => dynamodb.access('TransactWriteItems', {})).toThrow('TransactWriteItems');
});

test('a parameter that the engine does not know is refused by name', async () => {
  await dynamodb.createTable(TABLE);
  await expect(dynamodb.call('CreateTable', { ...TABLE, WarmThroughput: {} })).rejects.toThrow(
    'CreateTable.WarmThroughput',
  );
});

test('the resources create once and refuse other keys', async () => {
  const type = dynamoDbTable(dynamodb);
  const created = { ref: 'posts', attributes: { Arn: ARN, TableId: expect.any(String) } };
  expect(await type.create(table(TABLE))).toEqual(created);
  expect(await type.create(table(TABLE))).toEqual(created);
  expect(await dynamoDbGlobalTable(dynamodb).create(table({ ...TABLE, Replicas: [{ Region: 'us-east-1' }] }))).toEqual(
    created,
  );
  const other = { ...TABLE, AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'S' }] };
  await expect(type.create(table(other))).rejects.toThrow('the attribute definitions of the table posts differ');
});
