import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DynamoDbService } from '../../../local/services/dynamodb/service.ts';

/** What is remembered of expressions and tables must not be seen. */
let directory: string;
let dynamodb: DynamoDbService;

const TABLE = {
  TableName: 'posts',
  KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
  BillingMode: 'PAY_PER_REQUEST',
};

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  dynamodb = await DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });
  await dynamodb.createTable(TABLE);
});

afterEach(async () => {
  await dynamodb.close();
  rmSync(directory, { recursive: true });
});

const update = (ind: number, members: Record<string, unknown>) =>
  dynamodb.call('UpdateItem', { TableName: 'posts', Key: { ind: { N: String(ind) } }, ...members });
const get = async (ind: number) =>
  (await dynamodb.call('GetItem', { TableName: 'posts', Key: { ind: { N: String(ind) } } }))['Item'];

test('the same expression with other values, names and types', async () => {
  const write = (ind: number, name: string, value: object) =>
    update(ind, {
      UpdateExpression: 'SET #part = :part, seen = if_not_exists(seen, :part)',
      ConditionExpression: 'attribute_not_exists(#part) OR #part < :part',
      ExpressionAttributeNames: { '#part': name },
      ExpressionAttributeValues: { ':part': value },
    });
  await write(1, 'pin', { S: 'a' });
  await write(1, 'pin', { S: 'b' });
  await write(1, 'geo', { S: 'c' });
  await write(2, 'pin', { N: '1' });
  await expect(write(1, 'pin', { S: 'a' })).rejects.toMatchObject({ code: 'ConditionalCheckFailedException' });
  expect(await get(1)).toEqual({ ind: { N: '1' }, seen: { S: 'a' }, pin: { S: 'b' }, geo: { S: 'c' } });
  expect(await get(2)).toEqual({ ind: { N: '2' }, seen: { N: '1' }, pin: { N: '1' } });
});

test('numbers are added to what is there, each time anew', async () => {
  for (const value of ['1', '2', '3']) {
    await update(1, {
      UpdateExpression: 'SET amount = if_not_exists(amount, :zero) + :value ADD rounds :one',
      ExpressionAttributeValues: { ':zero': { N: '0' }, ':value': { N: value }, ':one': { N: '1' } },
    });
  }
  expect(await get(1)).toEqual({ ind: { N: '1' }, amount: { N: '6' }, rounds: { N: '3' } });
});

test('wrong requests are refused the second time as the first', async () => {
  const refusals = [
    [{ UpdateExpression: 'SET a = :b', ExpressionAttributeValues: { ':a': { S: 'x' } } }, 'is not defined'],
    [
      { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'x' }, ':b': { S: 'x' } } },
      'unused in expressions: keys: {:b}',
    ],
    [{ UpdateExpression: 'SET name = :a', ExpressionAttributeValues: { ':a': { S: 'x' } } }, 'reserved keyword: name'],
    [{ UpdateExpression: 'ADD a :a', ExpressionAttributeValues: { ':a': { S: 'x' } } }, 'operand type: STRING'],
    [{ UpdateExpression: 'SET a :a', ExpressionAttributeValues: { ':a': { S: 'x' } } }, 'Syntax error'],
    [
      {
        UpdateExpression: 'REMOVE a',
        ConditionExpression: 'b BETWEEN :high AND :low',
        ExpressionAttributeValues: { ':low': { N: '1' }, ':high': { N: '2' } },
      },
      'upper bound to be greater',
    ],
  ] as const;
  for (const [members, message] of [...refusals, ...refusals]) {
    await expect(update(1, members)).rejects.toThrow(message);
  }
  await update(1, { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'x' } } });
  await update(1, {
    UpdateExpression: 'REMOVE a',
    ConditionExpression: 'a BETWEEN :low AND :high',
    ExpressionAttributeValues: { ':low': { S: 'a' }, ':high': { S: 'z' } },
  });
});

test('what one expression uses is not taken for what another uses', async () => {
  const both = { ':a': { S: 'a' }, ':b': { S: 'b' } };
  await update(1, {
    UpdateExpression: 'SET a = :a, b = :b',
    ConditionExpression: 'attribute_not_exists(a) OR a = :a',
    ExpressionAttributeValues: both,
  });
  await expect(
    update(1, { UpdateExpression: 'REMOVE b', ConditionExpression: 'a = :a', ExpressionAttributeValues: both }),
  ).rejects.toThrow('unused in expressions: keys: {:b}');
  await update(1, {
    UpdateExpression: 'SET b = :b',
    ConditionExpression: 'attribute_not_exists(a) OR a = :a',
    ExpressionAttributeValues: both,
  });
});

test('a key condition may be asked again', async () => {
  await update(3, { UpdateExpression: 'SET a = :a', ExpressionAttributeValues: { ':a': { S: 'x' } } });
  for (let times = 0; times < 3; times++) {
    const { Items } = await dynamodb.call('Query', {
      TableName: 'posts',
      KeyConditionExpression: ':ind = ind',
      ExpressionAttributeValues: { ':ind': { N: '3' } },
    });
    expect(Items).toEqual([{ ind: { N: '3' }, a: { S: 'x' } }]);
  }
});

test('a table that is deleted is gone at once, and one made again is another', async () => {
  const first = await dynamodb.find('posts');
  await dynamodb.call('DeleteTable', { TableName: 'posts' });
  for (let tries = 0; tries < 100 && (await dynamodb.find('posts')) !== undefined; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await expect(get(1)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  const second = await dynamodb.createTable({
    ...TABLE,
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  });
  expect(second.TableId).not.toBe(first!.TableId);
  await dynamodb.call('PutItem', { TableName: 'posts', Item: { id: { S: 'x' } } });
  await expect(dynamodb.call('PutItem', { TableName: 'posts', Item: { ind: { N: '1' } } })).rejects.toThrow('id');
});
