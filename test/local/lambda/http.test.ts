import {
  DeleteFunctionConcurrencyCommand,
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import type { Caller } from '../../../local/access/caller.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { LambdaHttp } from '../../../local/services/lambda/http.ts';
import { ServiceError } from '../../../local/services/service.ts';

const ACCOUNT = '000000000000';
const arn = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`;
const STREAM = `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/streaming-demo-pin`;

const identities = new RoleDirectory(ACCOUNT);
const door = new HttpFrontDoor({
  identities,
  authorizer: new Authorizer({ account: ACCOUNT, identities, recorder: new CallRecorder(), refused: () => {} }),
  health: () => ({ ready: true }),
  fault: () => {},
});
let role: Caller;
let client: LambdaClient;
let clientOfRole: LambdaClient;

let reserved: number | undefined;

beforeAll(async () => {
  role = identities.putRole('other', parsePolicy({ Statement: [] }, 'trust'));
  door.addHttp(
    new LambdaHttp({
      frontDoor: door,
      functions: {
        arn,
        reserved: () => reserved,
        reserve: (_, executions) => {
          reserved = executions;
        },
        get reservedConcurrency() {
          return reserved ?? 0;
        },
        invoke: async (name, payload) => {
          if (name !== 'f')
            throw new ServiceError('ResourceNotFoundException', `Function not found: ${arn(name)}`, 404);
          const { fail = false } = JSON.parse(payload) as { fail?: boolean };
          return { requestId: 'r-1', payload: fail ? '{"errorType":"Error"}' : payload, failed: fail };
        },
      },
      mappings: {
        runningSince: new Date(1_700_000_000_000),
        definitions: [
          {
            id: 'a-mapping',
            functionArn: arn('f'),
            sourceArn: STREAM,
            start: { type: 'TRIM_HORIZON' },
            batch: {
              batchSize: 200,
              windowMs: 1_000,
              maxRetries: 10,
              maxAgeMs: Number.POSITIVE_INFINITY,
              bisect: true,
            },
            reportsFailures: true,
          },
        ],
      },
    }),
  );
  const endpoint = `http://127.0.0.1:${await door.listen(0)}`;
  const clientAs = (accessKeyId: string) =>
    new LambdaClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId, secretAccessKey: 'any' },
      maxAttempts: 1,
    });
  [client, clientOfRole] = [clientAs('pinflow'), clientAs(role.accessKeyId)];
});

afterAll(async () => {
  client.destroy();
  clientOfRole.destroy();
  await door.close();
});

const invoke = (FunctionName: string, payload: unknown) =>
  client.send(new InvokeCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(payload)) }));

test.each(['f', arn('f')])('a client invokes %s', async (name) => {
  const answer = await invoke(name, { title: 'Ünïcôdé' });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
  expect(answer.FunctionError).toBeUndefined();
  expect(JSON.parse(answer.Payload!.transformToString())).toEqual({ title: 'Ünïcôdé' });
});

test('a failure of the function is told beside its answer', async () => {
  const answer = await invoke('f', { fail: true });
  expect(answer.FunctionError).toBe('Unhandled');
  expect(answer.Payload!.transformToString()).toBe('{"errorType":"Error"}');
});

test('a client gets the event source mappings of a function', async () => {
  const list = (FunctionName: string) => client.send(new ListEventSourceMappingsCommand({ FunctionName }));
  expect((await list('f')).EventSourceMappings).toEqual([
    {
      UUID: 'a-mapping',
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 200,
      MaximumBatchingWindowInSeconds: 1,
      ParallelizationFactor: 1,
      EventSourceArn: STREAM,
      FunctionArn: arn('f'),
      LastModified: new Date(1_700_000_000_000),
      State: 'Enabled',
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      TumblingWindowInSeconds: 0,
    },
  ]);
  expect((await list('other')).EventSourceMappings).toEqual([]);
});

test('what is refused is told by name', async () => {
  await expect(invoke('none', {})).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await expect(
    client.send(new InvokeCommand({ FunctionName: 'f', Payload: Buffer.from('no JSON') })),
  ).rejects.toMatchObject({ name: 'InvalidRequestContentException' });
  await expect(client.send(new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event' }))).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
  });
  await expect(clientOfRole.send(new InvokeCommand({ FunctionName: 'f' }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`lambda:InvokeFunction on resource: ${arn('f')}`),
  });
});

test('a client reserves concurrency, and gives it back', async () => {
  const FunctionName = 'f';
  const left = async () => (await client.send(new GetAccountSettingsCommand({}))).AccountLimit;
  const found = async () =>
    (await client.send(new GetFunctionConcurrencyCommand({ FunctionName }))).ReservedConcurrentExecutions;
  expect(await found()).toBeUndefined();
  const put = await client.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 5 }));
  expect([put.ReservedConcurrentExecutions, await found()]).toEqual([5, 5]);
  expect(await left()).toMatchObject({ ConcurrentExecutions: 1_000, UnreservedConcurrentExecutions: 995 });
  await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
  expect(await found()).toBeUndefined();
  const none = new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: -1 });
  await expect(client.send(none)).rejects.toThrow('a number from 0');
  await expect(clientOfRole.send(new GetFunctionConcurrencyCommand({ FunctionName }))).rejects.toThrow(
    'lambda:GetFunctionConcurrency',
  );
});
