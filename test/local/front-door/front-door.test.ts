import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Authorizer } from '../../../local/access/authorizer.ts';
import type { Caller } from '../../../local/access/caller.ts';
import { RoleDirectory } from '../../../local/access/identities.ts';
import { parsePolicy } from '../../../local/access/policy.ts';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { HttpFrontDoor } from '../../../local/front-door.ts';
import { CloudFormationService } from '../../../local/services/cloudformation/cloudformation.ts';
import { type HttpService, type JsonService, ServiceError } from '../../../local/services/service.ts';
import { StsService } from '../../../local/services/sts/sts.ts';

const ACCOUNT = '000000000000';
const STREAM = `arn:aws:kinesis:us-east-1:${ACCOUNT}:stream/streaming-demo-pin`;

const seen: { operation: string; input: unknown; caller: Caller }[] = [];

const kinesis: JsonService = {
  name: 'kinesis',
  access: (operation) => [{ action: `kinesis:${operation}`, resource: STREAM }],
  call: async (operation, input, caller) => {
    seen.push({ operation, input, caller });
    return { ShardId: 'shardId-000000000000', SequenceNumber: '49' };
  },
};

const dynamodb: JsonService = {
  name: 'dynamodb',
  access: (operation) => [{ action: `dynamodb:${operation}`, resource: '*' }],
  call: async (operation) => {
    if (operation !== 'PutItem') return { Item: { ind: { N: '7' } } };
    throw new ServiceError('ConditionalCheckFailedException', 'The conditional request failed', 400, {
      Item: { ind: { N: '1' } },
    });
  },
};

const s3: HttpService = {
  name: 's3',
  handle: async (request, response) => {
    if (request.url === '/broken') throw new ServiceError('NoSuchKey', 'No <such> key', 404);
    response.end(`${request.method} ${request.url}`);
  },
};

const identities = new RoleDirectory(ACCOUNT);
const recorder = new CallRecorder();
const refusals: string[] = [];
const authorizer = new Authorizer({ account: ACCOUNT, identities, recorder, refused: (line) => refusals.push(line) });
const faults: unknown[] = [];
let ready = true;
const door = new HttpFrontDoor({
  identities,
  authorizer,
  health: () => ({ ready }),
  fault: (error) => faults.push(error),
});
const trust = {
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
let endpoint: string;
let role: Caller;

const clientOf = (accessKeyId: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId, secretAccessKey: 'any' },
  maxAttempts: 1,
});

const put = new PutRecordCommand({ StreamName: 'streaming-demo-pin', PartitionKey: '1', Data: Buffer.from('pin') });

beforeAll(async () => {
  door.addJson(kinesis);
  door.addJson(dynamodb);
  door.addHttp(s3);
  door.addQuery(new StsService(ACCOUNT));
  door.addQuery(
    new CloudFormationService(() => ({
      'pinflow-demo-lake': {
        id: 'arn:aws:cloudformation:us-east-1:000000000000:stack/pinflow-demo-lake/1',
        tags: { project: 'pinflow' },
        createdAt: '2026-11-21T09:00:00.000Z',
        updatedAt: '2026-11-21T09:00:00.000Z',
        resources: {
          Raw: {
            type: 'AWS::S3::Bucket',
            ref: 'raw',
            attributes: {},
            path: '',
            properties: '',
            deletionPolicy: 'Retain',
            updatedAt: '2026-11-21T09:00:00.000Z',
          },
        },
        outputs: { RawBucket: { value: 'a & b' } },
      },
    })),
  );
  role = identities.putRole('clean', parsePolicy(trust, 'trust'));
  identities.putRolePolicy(
    'clean',
    'default',
    parsePolicy({ Statement: [{ Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' }] }, 'default'),
  );
  endpoint = `http://127.0.0.1:${await door.listen(0)}`;
});

afterAll(() => door.close());

describe('SDK clients', () => {
  test('the Kinesis client reaches the service over HTTP/2 with prior knowledge', async () => {
    const client = new KinesisClient(clientOf('pinflow'));
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.send(put)));
    client.destroy();
    expect(answers.at(-1)?.SequenceNumber).toBe('49');
    expect(seen.at(-1)).toMatchObject({
      operation: 'PutRecord',
      input: { StreamName: 'streaming-demo-pin', PartitionKey: '1', Data: 'cGlu' },
      caller: { kind: 'administrator' },
    });
  });

  test('the DynamoDB client reaches the service over HTTP/1.1, errors keep their members', async () => {
    const client = new DynamoDBClient(clientOf('pinflow'));
    const got = await client.send(new GetItemCommand({ TableName: 'posts', Key: { ind: { N: '7' } } }));
    expect(got.Item).toEqual({ ind: { N: '7' } });
    await expect(client.send(new PutItemCommand({ TableName: 'posts', Item: {} }))).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      message: 'The conditional request failed',
      Item: { ind: { N: '1' } },
    });
    client.destroy();
  });

  test('a role without the grant is refused with action, resource and role', async () => {
    const client = new KinesisClient(clientOf(role.accessKeyId));
    const message = `User: arn:aws:sts::${ACCOUNT}:assumed-role/clean/pinflow is not authorized to perform: kinesis:PutRecord on resource: ${STREAM} because no identity-based policy allows the kinesis:PutRecord action`;
    await expect(client.send(put)).rejects.toMatchObject({ name: 'AccessDeniedException', message });
    client.destroy();
    expect(refusals).toContain(message);
    expect(recorder.counts()).toContainEqual({
      service: 'kinesis',
      action: 'kinesis:PutRecord',
      resource: STREAM,
      role: role.arn,
      allowed: false,
      count: 1,
    });
  });

  test('an unknown access key is refused', async () => {
    const client = new KinesisClient(clientOf('AKIASTRANGER'));
    await expect(client.send(put)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    client.destroy();
  });
});

describe('plain HTTP', () => {
  const signedFor = (service: string) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=pinflow/20261121/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });
  const form = (service: string, body: string) =>
    fetch(endpoint, { method: 'POST', headers: signedFor(service), body: new URLSearchParams(body) });

  test.each([
    ['json', { 'x-amz-target': 'Kinesis_20131202.PutRecord' }, '{}', 400, 'MissingAuthenticationTokenException'],
    ['form', { 'content-type': 'application/x-www-form-urlencoded' }, 'Action=X', 403, 'MissingAuthenticationToken<'],
    ['xml', {}, '', 403, '<Code>AccessDenied<'],
  ])('an unsigned %s request is refused', async (_, headers, body, status, expected) => {
    const answer = await fetch(endpoint, { method: 'POST', headers: headers as Record<string, string>, body });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(expected);
  });

  test('a service that the runtime does not have is refused by name', async () => {
    const headers = { ...signedFor('sqs'), 'x-amz-target': 'AmazonSQS.SendMessage' };
    const answer = await fetch(endpoint, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      __type: 'UnknownOperationException',
      message: 'The local runtime does not have the service sqs. It has cloudformation, dynamodb, kinesis, s3, sts.',
    });
  });

  test('a service of the JSON protocol called in another way is refused', async () => {
    const answer = await fetch(`${endpoint}/2020/things`, { headers: signedFor('kinesis') });
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringContaining('has kinesis in the JSON protocol only'),
    ]);
  });

  test.each(['[1]', '{"a":', 'null'])('a body that is no JSON object is refused: %s', async (body) => {
    const headers = { ...signedFor('kinesis'), 'x-amz-target': 'Kinesis_20131202.PutRecord' };
    const answer = await fetch(endpoint, { method: 'POST', headers, body });
    expect([answer.status, ((await answer.json()) as { __type: string }).__type]).toEqual([
      400,
      'SerializationException',
    ]);
  });

  test('a body above the limit is refused', async () => {
    const headers = { ...signedFor('kinesis'), 'x-amz-target': 'Kinesis_20131202.PutRecord' };
    const answer = await fetch(endpoint, { method: 'POST', headers, body: Buffer.alloc(21 * 1024 * 1024) });
    expect(answer.status).toBe(413);
  });

  test('a REST service gets header-signed and presigned requests, and its errors become XML', async () => {
    const signed = await fetch(`${endpoint}/bucket/key`, { method: 'PUT', headers: signedFor('s3'), body: 'x' });
    expect(await signed.text()).toBe('PUT /bucket/key');
    const presigned = 'X-Amz-Credential=pinflow%2F20261121%2Fus-east-1%2Fs3%2Faws4_request';
    expect(await (await fetch(`${endpoint}/bucket/key?${presigned}`)).text()).toContain('GET /bucket/key?');
    const broken = await fetch(`${endpoint}/broken`, { headers: signedFor('s3') });
    expect(broken.status).toBe(404);
    expect(await broken.text()).toContain('<Error><Code>NoSuchKey</Code><Message>No &lt;such&gt; key</Message>');
  });

  test('STS says who calls', async () => {
    const answer = await (await form('sts', 'Action=GetCallerIdentity&Version=2011-06-15')).text();
    expect(answer).toContain(`<GetCallerIdentityResult><Arn>arn:aws:iam::${ACCOUNT}:user/pinflow</Arn>`);
  });

  test('CloudFormation describes stacks and resources, and refuses what it does not have', async () => {
    const stacks = await (await form('cloudformation', 'Action=DescribeStacks')).text();
    expect(stacks).toContain('<StackName>pinflow-demo-lake</StackName>');
    expect(stacks).toContain('<OutputValue>a &amp; b</OutputValue>');
    const resources = await (
      await form('cloudformation', 'Action=DescribeStackResources&StackName=pinflow-demo-lake')
    ).text();
    expect(resources).toContain('<PhysicalResourceId>raw</PhysicalResourceId>');
    const missing = await form('cloudformation', 'Action=DescribeStacks&StackName=nope');
    expect([missing.status, await missing.text()]).toEqual([400, expect.stringContaining('does not exist')]);
    const unknown = await form('cloudformation', 'Action=CreateStack');
    expect(await unknown.text()).toContain('it has DescribeStacks and DescribeStackResources');
  });

  test('health is told at once, calls are put off until the runtime is ready', async () => {
    ready = false;
    expect(await (await fetch(`${endpoint}/_pinflow/health`)).json()).toEqual({ ready: false });
    const early = await form('sts', 'Action=GetCallerIdentity');
    expect([early.status, await early.text()]).toEqual([503, expect.stringContaining('is starting')]);
    ready = true;
  });
});

test('in process, the same check and the same record', async () => {
  const input = { StreamName: 'streaming-demo-pin' };
  await expect(door.call(role, 'kinesis', 'PutRecord', input)).rejects.toThrow('kinesis:PutRecord');
  await expect(door.call(identities.administrator, 'kinesis', 'PutRecord', input)).resolves.toBeDefined();
});

test('a taken port is named, with the option to choose another', async () => {
  const other: Server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  const second = new HttpFrontDoor({ identities, authorizer, health: () => ({ ready: false }), fault: () => {} });
  await expect(second.listen(port)).rejects.toThrow(new RegExp(`Port ${port}.*another program.*--port`));
  other.close();
});

test('who hangs up in the middle of a request is no fault', async () => {
  const before = faults.length;
  const socket = connect(Number(new URL(endpoint).port), '127.0.0.1');
  const credential = `AWS4-HMAC-SHA256 Credential=${role.accessKeyId}/20261120/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0`;
  socket.write(
    `POST / HTTP/1.1\r\nHost: x\r\nAuthorization: ${credential}\r\nX-Amz-Target: Kinesis_20131202.PutRecord\r\nContent-Length: 100\r\n\r\n{`,
  );
  await once(socket, 'connect');
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(faults.slice(before)).toEqual([]);
});
