import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DashboardNotFoundError, GetDashboardCommand } from '@aws-sdk/client-cloudwatch';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { clientsAt } from '../../cli/aws.ts';
import { authorized, isLocal, regionOf } from '../../cli/door-auth.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { type CheckResult, runChecks, SkippedError } from '../../cli/smoke/check.ts';
import { dashboardChecks } from '../../cli/smoke/dashboard-checks.ts';
import { doorChecks } from '../../cli/smoke/door-checks.ts';
import { landingChecks } from '../../cli/smoke/landing-checks.ts';
import { geoRow, pinRow, type SentRow } from '../../cli/smoke/rows.ts';
import { feeds } from '../../model/feeds/index.ts';
import { cleanRow } from '../../model/rules/clean-row.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A door that knows the contract only as far as the checks ask for it. */
function answer({ method, path, headers, body }: Seen): [status: number, body: unknown] {
  const refuse = (status: number, message: string): [number, unknown] => [status, { __type: 'XException', message }];
  const [, , streams, name, action] = path.split(/[/?]/);
  const names = ['geo', 'pin', 'user'].map((feed) => `streaming-demo-${feed}`);
  if (method === 'OPTIONS') return [204, undefined];
  if (streams !== 'streams' || (action !== undefined && name === '')) return refuse(404, 'There is no such route.');
  if (method === 'GET' && path.includes('Limit'))
    return [200, { StreamNames: names.slice(0, 1), HasMoreStreams: true }];
  if (method === 'GET' && !name) return [200, { StreamNames: names }];
  if (method === 'GET') return [200, { StreamDescription: { StreamName: name, StreamStatus: 'ACTIVE' } }];
  if (headers['content-type'] !== 'application/json') return refuse(415, 'Send application/json.');
  if (!names.includes(name!)) return refuse(404, `Its streams are ${names}.`);
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(body);
  } catch {
    return refuse(400, 'no JSON');
  }
  const put = { ShardId: 'shardId-000000000000', SequenceNumber: '49' };
  if (action === 'record') {
    const { Data, PartitionKey } = json as { Data: unknown; PartitionKey: string };
    if (Data === undefined || Data === null) return refuse(400, 'Data is missing or null');
    if (PartitionKey === '' || PartitionKey.length > 256) return refuse(400, 'PartitionKey: 1 to 256 characters');
    return body.length > 1_048_576 ? refuse(413, 'larger than 1 MiB') : [200, put];
  }
  const records = (json['records'] ?? json['Records']) as Record<string, unknown>[];
  if (records.length === 0 || records.length > 500) return refuse(400, 'records: 1 to 500');
  const missing = records.findIndex(({ data, Data }) => data === undefined && Data === undefined);
  if (missing >= 0) return refuse(400, `records[${missing}].data is missing`);
  return [200, { FailedRecordCount: 0, Records: records.map(() => put) }];
}

let server: Server;
let seen: Seen[];
let change: (answered: [number, unknown], request: Seen) => [number, unknown];
let cors: Record<string, string>;

beforeEach(async () => {
  seen = [];
  change = (answered) => answered;
  cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Methods': 'GET,PUT' };
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const one = { method: request.method!, path: request.url!, headers: request.headers, body };
    seen.push(one);
    const [status, json] = change(answer(one), one);
    response.writeHead(status, cors).end(json === undefined ? undefined : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const urlOf = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/prod`;

async function checkDoor(sent: SentRow[] = []): Promise<CheckResult[]> {
  const send = httpDoor();
  try {
    return await runChecks(doorChecks({ url: urlOf(), deployment: 'demo', send, noRoute: 404 }, sent), () => {});
  } finally {
    send.close();
  }
}
const failed = (results: readonly CheckResult[]) => results.filter(({ outcome }) => outcome !== 'pass');
const reasons = (results: readonly CheckResult[]) =>
  failed(results).map(({ check, detail }) => `${check.name}: ${detail}`);

describe('the checks of the door', () => {
  test('pass where the contract is kept, and say what was sent', async () => {
    const sent: SentRow[] = [];
    expect(reasons(await checkDoor(sent))).toEqual([]);
    const refused = sent.filter(({ feed, raw }) => !cleanRow(feeds[feed], raw).ok);
    expect([sent.length, refused.length]).toEqual([21, 1]);
    const indexes = sent.map(({ raw }) => raw['index'] ?? raw['ind']);
    expect(new Set(indexes).size).toBe(sent.length);
  });

  test.each<[string, (answered: [number, unknown], request: Seen) => [number, unknown], RegExp]>([
    ['an error with status 200', ([s, b]) => [s === 404 ? 200 : s, b], /an unknown stream: status 200 instead of 404/],
    ['no reason', ([s, b]) => [s, s === 413 ? { message: 'too large' } : b], /1 MiB: no __type/],
    [
      'a message without the field',
      ([s, b]) => [s, s === 400 ? { __type: 'X', message: 'no' } : b],
      /without data: the message/,
    ],
    [
      'a foreign stream',
      ([s, b], { path }) => [s, path === '/prod/streams' ? { StreamNames: ['other'] } : b],
      /GET streams: StreamNames/,
    ],
    [
      'a stream that is being made',
      ([s, b], { path }) => [s, /-geo$/.test(path) ? { StreamDescription: {} } : b],
      /-geo: StreamName is/,
    ],
    [
      'a partial failure',
      ([s, b], { path }) => [/records$/.test(path) && s === 200 ? 207 : s, b],
      /capitals: status 207/,
    ],
  ])('fail at %s', async (_, changed, reason) => {
    change = changed;
    expect(reasons(await checkDoor())).toContainEqual(expect.stringMatching(reason));
  });

  test('fail without CORS headers', async () => {
    cors = {};
    const results = await checkDoor();
    expect(failed(results)).toHaveLength(results.length);
  });
});

test('no answer fails a check, and the next one is made', async () => {
  const send = async () => ({ status: 0, headers: {}, body: '', error: 'refused' });
  const results = await runChecks(
    doorChecks({ url: 'http://h/prod', deployment: 'demo', send, noRoute: 404 }, []),
    () => {},
  );
  expect(results.length).toBeGreaterThan(30);
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['FAIL']));
  expect(results[0]!.detail).toBe('no answer: refused');
});

test('a check that cannot be made is skipped', async () => {
  const run = () => Promise.reject(new SkippedError('why'));
  const [result] = await runChecks([{ about: 'a', name: 'n', run }], () => {});
  expect(result).toMatchObject({ outcome: 'skip', detail: 'why' });
});

describe('authorization', () => {
  const clients = clientsAt('http://127.0.0.1:1');

  test('a key goes into its header', async () => {
    const send = httpDoor();
    await authorized(send, { kind: 'api-key', key: 'secret' })('PUT', new URL(`${urlOf()}/streams/a/record`), '{}');
    send.close();
    expect(seen[0]!.headers).toMatchObject({ 'x-api-key': 'secret', 'content-type': 'application/json' });
  });

  test('IAM signs for execute-api in the region', async () => {
    const send = httpDoor();
    const signed = authorized(send, { kind: 'iam', clients, region: 'eu-west-1' });
    await signed('GET', new URL(`${urlOf()}/streams?Limit=1`), '', {});
    await signed('PUT', new URL(`${urlOf()}/streams/a/record`), '{}');
    send.close();
    for (const { headers } of seen) {
      expect(headers.authorization).toMatch(
        /^AWS4-HMAC-SHA256 Credential=pinflow\/\d{8}\/eu-west-1\/execute-api\/aws4_request, SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}$/,
      );
      expect(headers.host).toBe(new URL(urlOf()).host);
    }
    expect(seen[1]!.headers.authorization).toContain('content-type;');
  });

  test.each([
    ['https://ab12.execute-api.eu-west-1.amazonaws.com/prod', 'eu-west-1', false],
    ['https://api.example.com/prod', undefined, false],
    ['http://localhost:8000/prod', undefined, true],
    ['http://127.0.0.1:8000/prod', undefined, true],
    ['https://localhost.example.com/prod', undefined, false],
  ])('%s is in %s, local: %s', (url, region, local) => {
    expect([regionOf(new URL(url)), isLocal(new URL(url))]).toEqual([region, local]);
  });
});

describe('the checks of where rows end', () => {
  const cloudformation = mockClient(CloudFormationClient);
  const dynamodb = mockClient(DynamoDBDocumentClient);
  const s3 = mockClient(S3Client);
  const place = { shardId: 'shardId-000000000000', sequenceNumber: '49' };
  const sent: SentRow[] = [
    { feed: 'pin', raw: pinRow(1), ...place },
    { feed: 'geo', raw: geoRow(2), ...place },
    { feed: 'pin', raw: { name: 'Maya' }, ...place },
  ];
  const outputs = {
    StreamNames: 'streaming-demo-geo,streaming-demo-pin,streaming-demo-user',
    PostsTable: 'posts',
    CountersTable: 'counters',
    QuarantineBucket: 'quarantine',
    CleanFunctionName: 'pinflow-demo-clean',
    RedriveFunctionName: 'pinflow-demo-redrive',
  };
  const check = () =>
    runChecks(
      landingChecks({ clients: clientsAt('http://127.0.0.1:1'), deployment: 'demo', sent, waitMs: 0 }),
      () => {},
    );

  beforeEach(() => {
    for (const mock of [cloudformation, dynamodb, s3]) mock.reset();
    cloudformation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 'pinflow-demo-lake',
          CreationTime: new Date(0),
          StackStatus: 'CREATE_COMPLETE',
          Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
    for (const { feed, raw } of sent.slice(0, 2)) {
      const cleaned = cleanRow(feeds[feed], raw);
      if (!cleaned.ok) throw new Error('a row of the test is not clean');
      const Item = { ind: cleaned.ind, [feed]: { k: 'k', rules: 1, fields: cleaned.fields } };
      dynamodb.on(GetCommand, { TableName: 'posts', Key: { ind: cleaned.ind } }).resolves({ Item });
    }
    const kept = { rule: 'shape', rawBase64: Buffer.from('{"name":"Maya"}').toString('base64') };
    s3.on(GetObjectCommand).callsFake(({ Key }) => {
      const today = new Date().toISOString().slice(0, 10);
      const expected = `quarantine/speed/pin/dt=${today}/kinesis~streaming-demo-pin~shardId-000000000000~49~0.json`;
      if (Key !== expected) throw Object.assign(new Error('no'), { name: 'NoSuchKey' });
      return { Body: { transformToString: async () => JSON.stringify(kept) } };
    });
  });

  test('pass where they should be', async () => {
    expect((await check()).map(({ outcome, detail }) => `${outcome} ${detail}`)).toEqual([
      'pass posts, quarantine',
      'pass 2 rows, each as the model cleans it',
      'pass one row, rule shape',
    ]);
  });

  test('fail where a post is not there, differs, or the foreign row is not kept', async () => {
    dynamodb.on(GetCommand).resolves({});
    s3.on(GetObjectCommand).rejects(Object.assign(new Error('no'), { name: 'NoSuchKey' }));
    expect(reasons(await check())).toEqual([
      expect.stringMatching(/^posts table: post 1 is not in posts after 0 s/),
      expect.stringMatching(/^quarantine: quarantine\/speed\/pin\/dt=.* is not in quarantine/),
    ]);
    dynamodb.on(GetCommand).resolves({ Item: { ind: 1, pin: { k: 'k', rules: 1, fields: { title: 'other' } } } });
    expect(reasons(await check())[0]).toMatch(/^posts table: post 1 holds \{"title":"other"\} instead of/);
  });

  test('are skipped without credentials, and fail without the deployment', async () => {
    cloudformation.on(DescribeStacksCommand).resolves({ Stacks: [] });
    expect((await check()).map(({ outcome }) => outcome)).toEqual(['FAIL', 'skip', 'skip']);
    cloudformation
      .on(DescribeStacksCommand)
      .rejects(Object.assign(new Error('none'), { name: 'CredentialsProviderError' }));
    expect((await check()).map(({ outcome }) => outcome)).toEqual(['skip', 'skip', 'skip']);
  });
});

test('every dashboard that the outputs tell of is read; one that is gone, or empty, fails', async () => {
  const bodies: Record<string, string | undefined> = { business: '{"widgets":[{},{},{}]}', health: '{"widgets":[]}' };
  mockClient(CloudWatchClient)
    .on(GetDashboardCommand)
    .callsFake(({ DashboardName }) => {
      const DashboardBody = bodies[DashboardName.split('-').at(-1)];
      if (DashboardBody !== undefined) return { DashboardBody };
      throw new DashboardNotFoundError({ message: `Dashboard ${DashboardName} does not exist`, $metadata: {} });
    });
  const outputs = Object.entries({
    StreamNames: 'streaming-demo-geo,streaming-demo-pin,streaming-demo-user',
    PostsTable: 'posts',
    CountersTable: 'counters',
    QuarantineBucket: 'quarantine',
    CleanFunctionName: 'clean',
    RedriveFunctionName: 'redrive',
    BusinessDashboardUrl: 'https://console/#dashboards/dashboard/pinflow-demo-business',
    HealthDashboardUrl: 'https://console/#dashboards/dashboard/pinflow-demo-health',
    CostDashboardUrl: 'https://console/#dashboards/dashboard/pinflow-demo-cost',
  }).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  const stack = { StackName: 'pinflow-demo-monitoring', CreationTime: new Date(0) };
  mockClient(CloudFormationClient)
    .on(DescribeStacksCommand)
    .resolves({ Stacks: [{ ...stack, StackStatus: 'CREATE_COMPLETE', Outputs: outputs }] });
  const clients = clientsAt('http://127.0.0.1:1');
  const { dashboards } = await deployedNames(clients, 'demo');
  const results = await runChecks(dashboardChecks(clients, dashboards ?? []), () => {});
  expect(results.map(({ check, outcome, detail }) => [check.name, outcome, detail])).toEqual([
    ['pinflow-demo-business', 'pass', '3 widgets'],
    ['pinflow-demo-health', 'FAIL', 'the dashboard pinflow-demo-health has no widgets'],
    ['pinflow-demo-cost', 'FAIL', expect.stringContaining('Dashboard pinflow-demo-cost does not exist')],
  ]);
});
