import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { DynamoDbService } from '../../local/services/dynamodb/service.ts';
import { type JsonObject, ServiceError } from '../../local/services/service.ts';

export interface Here {
  readonly client: DynamoDBClient;
  readonly service: DynamoDbService;
  close(): Promise<void>;
}

/** The runtime's DynamoDB in this process, with empty tables `posts` (by `ind`) and `counters` (by `pk` and `sk`). */
export async function dynamoDbHere(): Promise<Here> {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  const service = await DynamoDbService.open({ directory, account: '000000000000', region: 'us-east-1' });
  const table = (TableName: string, keys: readonly (readonly [string, string])[]) =>
    service.createTable({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keys.map(([AttributeName], at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' })),
      AttributeDefinitions: keys.map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    });
  await table('posts', [['ind', 'N']]);
  await table('counters', [
    ['pk', 'S'],
    ['sk', 'S'],
  ]);
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' },
    maxAttempts: 1,
    requestHandler: { handle: (request: HttpRequest) => answer(service, request) },
  });
  return {
    client,
    service,
    close: async () => {
      client.destroy();
      await service.close();
      rmSync(directory, { recursive: true });
    },
  };
}

async function answer(service: DynamoDbService, { headers, body }: HttpRequest): Promise<{ response: HttpResponse }> {
  const operation = headers['x-amz-target']!.split('.')[1]!;
  try {
    return json(
      200,
      await service.call(operation, JSON.parse(new TextDecoder().decode(body as Uint8Array)) as JsonObject),
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
