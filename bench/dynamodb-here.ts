import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { Dynalite } from '../local/services/dynamodb/dynalite.ts';
import { DynamoDbService } from '../local/services/dynamodb/service.ts';
import { type JsonObject, ServiceError } from '../local/services/service.ts';

export interface Here {
  readonly client: DynamoDBClient;
  readonly changes: DynamoDBStreamsClient;
  close(): Promise<void>;
}

interface Engine {
  run(operation: string, input: JsonObject): Promise<JsonObject>;
  close(): Promise<void>;
}

/** The runtime's DynamoDB in this process, with empty tables `posts` (by `ind`, with a change stream) and `counters` (by `pk` and `sk`). */
export async function dynamoDbHere(): Promise<Here> {
  return openedIn(async (where) => {
    const service = await DynamoDbService.open(where);
    const engine = {
      run: (operation: string, input: JsonObject) => service.call(operation, input),
      close: () => service.close(),
    };
    await makeTables(engine);
    await service.streams.put('posts', 'NEW_AND_OLD_IMAGES');
    return engine;
  });
}

/** The same tables on its engine alone, which takes what a partition key of DynamoDB would not. No change stream. */
export async function unlimitedHere(): Promise<Here> {
  return openedIn(async (where) => {
    const engine = await Dynalite.open(where);
    await makeTables(engine);
    return engine;
  });
}

async function openedIn(open: (where: Parameters<typeof DynamoDbService.open>[0]) => Promise<Engine>): Promise<Here> {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  const engine = await open({ directory, account: '000000000000', region: 'us-east-1' });
  const settings = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' },
    maxAttempts: 1,
    requestHandler: { handle: (request: HttpRequest) => answer(engine, request) },
  };
  const client = new DynamoDBClient(settings);
  const changes = new DynamoDBStreamsClient(settings);
  return {
    client,
    changes,
    close: async () => {
      client.destroy();
      changes.destroy();
      await engine.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function makeTables(engine: Engine): Promise<void> {
  const table = async (TableName: string, keys: readonly (readonly [string, string])[]) => {
    await engine.run('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys.map(([AttributeName], at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    });
    const isActive = async () => {
      const { Table } = await engine.run('DescribeTable', { TableName });
      return (Table as JsonObject)['TableStatus'] === 'ACTIVE';
    };
    while (!(await isActive())) await sleep(2);
  };
  await table('posts', [['ind', 'N']]);
  await table('counters', [
    ['pk', 'S'],
    ['sk', 'S'],
  ]);
}

async function answer(engine: Engine, { headers, body }: HttpRequest): Promise<{ response: HttpResponse }> {
  const operation = headers['x-amz-target']!.split('.')[1]!;
  try {
    return json(
      200,
      await engine.run(operation, JSON.parse(new TextDecoder().decode(body as Uint8Array)) as JsonObject),
    );
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return json(error.status, { __type: error.code, message: error.message, ...error.members });
  }
}

const json = (statusCode: number, body: object) => ({
  response: new HttpResponse({
    statusCode,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: Readable.from([Buffer.from(JSON.stringify(body))]),
  }),
});
