import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/posts';
const TableName = 'posts';
let directory: string;
let dynamodb: DynamoDbService;
/** Milliseconds: no time passes but what a test lets pass, however long calls take on this machine. */
let now: number;

beforeEach(async () => {
  now = performance.now();
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await dynamodb.close();
  rmSync(directory, { recursive: true });
});

async function create(units?: number): Promise<void> {
  await dynamodb.createTable({
    TableName,
    KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
    ...(units === undefined
      ? { BillingMode: 'PAY_PER_REQUEST' }
      : { ProvisionedThroughput: { ReadCapacityUnits: units, WriteCapacityUnits: units } }),
  });
}

const item = (ind: number, size = 1) => ({ ind: { N: String(ind) }, text: { S: 'x'.repeat(size) } });
const put = (ind: number, size = 1, more: object = {}) =>
  dynamodb.call('PutItem', { TableName, Item: item(ind, size), ...more });
const get = (ind: number, more: object = {}) =>
  dynamodb.call('GetItem', { TableName, Key: { ind: { N: String(ind) } }, ...more });

const refusal = (code: string, reason: string) => ({
  code,
  status: 400,
  members: { ThrottlingReasons: [{ reason, resource: ARN }] },
});
const provisioned = (use: string) =>
  refusal('ProvisionedThroughputExceededException', `Table${use}ProvisionedThroughputExceeded`);

test('writes count by 1 KB and reads by 4 KB, half when not consistent; told only when asked', async () => {
  await create();
  const asked = { ReturnConsumedCapacity: 'TOTAL' };
  const consumed = async (result: Promise<object>) => (await result) as { ConsumedCapacity: unknown };
  expect((await consumed(put(1, 1_500, asked))).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 2 });
  expect((await consumed(get(1, asked))).ConsumedCapacity).toEqual({ TableName, CapacityUnits: 0.5 });
  await put(1, 4_500);
  expect((await consumed(get(1, { ...asked, ConsistentRead: true }))).ConsumedCapacity).toEqual({
    TableName,
    CapacityUnits: 2,
  });
  // The larger of the old and the new item is paid for.
  expect((await consumed(put(1, 1, { ReturnConsumedCapacity: 'INDEXES' }))).ConsumedCapacity).toEqual({
    TableName,
    CapacityUnits: 5,
    Table: { CapacityUnits: 5 },
  });
  expect(await put(2)).toEqual({});
  expect(await get(2)).toEqual({ Item: item(2) });
  expect(await get(2, { ReturnConsumedCapacity: 'NONE' })).toEqual({ Item: item(2) });
});

test('a provisioned table throttles writes and reads apart, and recovers', async () => {
  await create(2);
  await put(1);
  await put(2);
  await expect(put(3)).rejects.toMatchObject(provisioned('Write'));
  expect(await get(1)).toMatchObject({ Item: item(1) });
  expect(await get(3)).toEqual({});
  await dynamodb.call('Scan', { TableName, ConsistentRead: true });
  await expect(dynamodb.call('Scan', { TableName })).rejects.toMatchObject(provisioned('Read'));
  now += 600;
  await put(3);
});

test('a failed condition costs a write', async () => {
  await create(2);
  await put(1);
  const never = { ConditionExpression: 'attribute_not_exists(ind)' };
  await expect(put(1, 1, never)).rejects.toMatchObject({ code: 'ConditionalCheckFailedException' });
  await expect(put(2)).rejects.toMatchObject(provisioned('Write'));
});

test('a batch gives back what is throttled, and is refused when it is all', async () => {
  await create(1);
  const write = (...inds: number[]) =>
    dynamodb.call('BatchWriteItem', {
      RequestItems: { [TableName]: inds.map((ind) => ({ PutRequest: { Item: item(ind) } })) },
    });
  expect(await write(1, 2, 3)).toEqual({ UnprocessedItems: {} });
  await expect(write(4)).rejects.toMatchObject(provisioned('Write'));
  const Keys = [{ ind: { N: '1' } }];
  const read = () => dynamodb.call('BatchGetItem', { RequestItems: { [TableName]: { Keys, ConsistentRead: true } } });
  expect(await read()).toEqual({ Responses: { [TableName]: [item(1)] }, UnprocessedKeys: {} });
  await expect(read()).rejects.toMatchObject(provisioned('Read'));
});

test('one partition key of an on-demand table takes 1,000 units a second, its neighbour still goes', async () => {
  await create();
  const hot = refusal('ThrottlingException', 'TableWriteKeyRangeThroughputExceeded');
  // Of 293 units each: the one that goes beyond is the last to pass.
  for (let i = 0; i < 4; i += 1) await put(1, 300_000);
  await expect(put(1, 300_000)).rejects.toMatchObject(hot);
  await put(2);
  const requests = [1, 2].map((ind) => ({ PutRequest: { Item: item(ind) } }));
  expect(await dynamodb.call('BatchWriteItem', { RequestItems: { [TableName]: requests } })).toEqual({
    UnprocessedItems: { [TableName]: [requests[0]] },
  });
  now += 1_000;
  await put(1);
});
