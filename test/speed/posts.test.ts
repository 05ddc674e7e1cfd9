import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import dynalite from 'dynalite';
import { dynamoPosts } from '../../lambda/speed/clean/posts.ts';

const TableName = 'posts';
const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' },
  });
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'ind', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'ind', AttributeType: 'N' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
});

afterAll(async () => {
  client.destroy();
  await new Promise((closed) => server.close(closed));
});

test('a part gives way to a greater order key, or to newer rules under its own', async () => {
  const posts = dynamoPosts(client, TableName);
  const ind = Number.MAX_SAFE_INTEGER;
  const write = (k: string, rules: number) =>
    posts.write(
      'geo',
      ind,
      { k, rules, fields: { country: `${k} by ${rules}`, timestamp: null } },
      new AbortController().signal,
    );
  const stored = async () => {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: { ind: { N: String(ind) } } }));
    return unmarshall(Item ?? {})['geo'].fields.country;
  };
  const seen: unknown[] = [];
  for (const [k, rules] of [
    ['2', 1],
    ['1', 9],
    ['2', 1],
    ['2', 2],
    ['2', 1],
    ['3', 1],
  ] as const) {
    seen.push([(await write(k, rules)) === 'applied', await stored()]);
  }
  expect(seen).toEqual([
    [true, '2 by 1'],
    [false, '2 by 1'],
    [false, '2 by 1'],
    [true, '2 by 2'],
    [false, '2 by 2'],
    [true, '3 by 1'],
  ]);
});

test('what the feeds can hold comes back as it was', async () => {
  const fields = {
    coordinates: [0.30000000000000004, -1e-100],
    count: Number.MAX_SAFE_INTEGER,
    text: '\u0000 日本👍\u00a0',
    none: null,
  };
  const part = { k: '1', rules: 1, fields };
  await dynamoPosts(client, TableName).write('geo', -1, part, new AbortController().signal);
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { ind: { N: '-1' } } }));
  expect(unmarshall(Item ?? {})).toEqual({ ind: -1, geo: part });
});
