import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, expect, test } from '@jest/globals';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { mockClient } from 'aws-sdk-client-mock';
import type { Clients } from '../../cli/aws.ts';
import { drained } from '../../cli/rebuild/drain.ts';
import { padded } from '../../model/counters/keys.ts';

const pages = 3;
const streams = mockClient(DynamoDBStreamsClient);
afterEach(() => void streams.reset());

/** A stream of one shard with a change on each page, all of them made just before now by the service's clock. */
function clientsOf(serviceNow: number, progress: () => string | undefined): Clients {
  streams.on(DescribeStreamCommand).resolves({ StreamDescription: { Shards: [{ ShardId: 'shard' }] } });
  streams.on(GetShardIteratorCommand).resolves({ ShardIterator: '1' });
  streams.on(GetRecordsCommand).callsFake(({ ShardIterator }) => ({
    NextShardIterator: String(Number(ShardIterator) + 1),
    Records: Number(ShardIterator) > pages ? [] : [{ dynamodb: changeOf(ShardIterator, serviceNow) }],
  }));
  const handle = async ({ headers }: HttpRequest) => {
    const last = progress();
    const body = headers['x-amz-target']!.endsWith('DescribeTable')
      ? { Table: { LatestStreamArn: 'stream' } }
      : { ...(last !== undefined && { Item: { last: { S: last } } }) };
    return {
      response: new HttpResponse({
        statusCode: 200,
        headers: { date: new Date(serviceNow).toUTCString() },
        body: Readable.from([Buffer.from(JSON.stringify(body))]),
      }),
    };
  };
  const credentials = { accessKeyId: 'pinflow', secretAccessKey: 'pinflow' };
  const client = new DynamoDBClient({ region: 'us-east-1', credentials, requestHandler: { handle } });
  const changes = new DynamoDBStreamsClient({ region: 'us-east-1', credentials });
  return { dynamodb: DynamoDBDocumentClient.from(client), changes } as unknown as Clients;
}

const changeOf = (sequence: string, serviceNow: number) => ({
  SequenceNumber: sequence.padStart(21, '0'),
  ApproximateCreationDateTime: new Date(serviceNow - 1_000),
});

test.each([
  ['here', 0],
  ['a minute ahead', 60_000],
  ['a minute behind', -60_000],
])('all changes are waited for, where the clock of the service is %s', async (_, ahead) => {
  let counted: string | undefined;
  const behind: number[] = [];
  const clients = clientsOf(Date.now() + ahead, () => counted);
  const tables = { postsTable: 'posts', countersTable: 'counters' };
  const isDrained = await drained(clients, tables, {
    stop: new AbortController().signal,
    onBehind: (shards) => {
      behind.push(shards);
      // A page at a time.
      counted = padded(String(behind.length));
    },
  });
  expect(isDrained).toBe(true);
  expect(behind.slice(0, pages + 1)).toEqual([1, 1, 1, 0]);
});

test('a shard of which a batch was given up is not waited for', async () => {
  const clients = clientsOf(Date.now(), () => undefined);
  const tables = { postsTable: 'posts', countersTable: 'counters' };
  const looks = 12;
  const waitedFor = async (given: readonly string[]) => {
    const behind: number[] = [];
    const stopping = new AbortController();
    const isDrained = await drained(clients, tables, {
      stop: stopping.signal,
      givenUp: async () => new Set(given),
      onBehind: (shards) => {
        if (behind.push(shards) === looks) stopping.abort();
      },
    });
    return { isDrained, behind: [...new Set(behind)] };
  };
  expect(await waitedFor(['another'])).toEqual({ isDrained: false, behind: [1] });
  expect(await waitedFor(['shard'])).toEqual({ isDrained: true, behind: [0] });
});
