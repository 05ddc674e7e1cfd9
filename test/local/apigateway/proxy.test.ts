import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Caller } from '../../../local/access/caller.ts';
import { undeclaredProperties } from '../../../local/resources/check.ts';
import { lambdaPermission } from '../../../local/resources/lambda-permission.ts';
import { LambdaService } from '../../../local/services/lambda/service.ts';
import { LogsService } from '../../../local/services/logs/service.ts';
import { ServiceError } from '../../../local/services/service.ts';
import type { TemplateResource } from '../../../local/template/assembly.ts';
import { Gateway } from './gateway.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
const KAFKA = 'application/vnd.kafka.json.v2+json';
const permission = { functionArn: FUNCTION, action: 'lambda:InvokeFunction', service: 'apigateway.amazonaws.com' };
const api = { Ref: 'Api' };

function template(more: Record<string, unknown> = {}): Record<string, TemplateResource> {
  const Properties = {
    RestApiId: api,
    ResourceId: { Ref: 'Topic' },
    HttpMethod: 'ANY',
    AuthorizationType: 'NONE',
    Integration: {
      Type: 'AWS_PROXY',
      IntegrationHttpMethod: 'POST',
      Uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`,
      ...more,
    },
  };
  return {
    Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'a', BinaryMediaTypes: [KAFKA, 'image/*'] } },
    Topics: {
      Type: 'AWS::ApiGateway::Resource',
      Properties: { RestApiId: api, ParentId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] }, PathPart: 'topics' },
    },
    Topic: {
      Type: 'AWS::ApiGateway::Resource',
      Properties: { RestApiId: api, ParentId: { Ref: 'Topics' }, PathPart: '{name}' },
    },
    Method: { Type: 'AWS::ApiGateway::Method', Properties },
    Deployment: {
      Type: 'AWS::ApiGateway::Deployment',
      Properties: { RestApiId: api },
      DependsOn: ['Method'],
    },
    Stage: {
      Type: 'AWS::ApiGateway::Stage',
      Properties: {
        RestApiId: api,
        DeploymentId: { Ref: 'Deployment' },
        StageName: 'prod',
        AccessLogSetting: {
          DestinationArn: 'arn:aws:logs:us-east-1:000000000000:log-group:access',
          Format: '$context.status $context.integrationStatus $context.requestId',
        },
        Variables: { colour: 'red' },
      },
    },
  };
}

let gateway: Gateway;
beforeEach(async () => {
  gateway = new Gateway();
  gateway.permissions.put('p', permission);
});
afterEach(() => gateway.service.close());

async function open(more?: Record<string, unknown>): Promise<void> {
  await gateway.deploy(template(more));
  await gateway.service.listen();
}

describe('what a function gets', () => {
  test('is the request, in the format 1.0', async () => {
    await open();
    const headers = { 'Content-Type': 'application/json', 'X-Two': 'b' };
    await gateway.send('POST', '/prod/topics/demo.pin/?a=1&a=2&b=%C3%A4', { headers, body: '{"ä":1}' });
    const { functionArn, event } = gateway.events[0]!;
    expect(functionArn).toBe(FUNCTION);
    expect(event).toMatchObject({
      resource: '/topics/{name}',
      path: '/topics/demo.pin',
      httpMethod: 'POST',
      queryStringParameters: { a: '2', b: 'ä' },
      multiValueQueryStringParameters: { a: ['1', '2'], b: ['ä'] },
      pathParameters: { name: 'demo.pin' },
      stageVariables: { colour: 'red' },
      body: '{"ä":1}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '000000000000',
        httpMethod: 'POST',
        path: '/prod/topics/demo.pin',
        resourcePath: '/topics/{name}',
        stage: 'prod',
        protocol: 'HTTP/1.1',
        identity: { sourceIp: '127.0.0.1', userArn: null, cognitoIdentityId: null },
      },
    });
    expect(event.headers).toMatchObject({
      'Content-Type': 'application/json',
      'X-Two': 'b',
      'X-Forwarded-Proto': 'http',
    });
    expect(event.multiValueHeaders['X-Two']).toEqual(['b']);
    expect(typeof event.requestContext.requestTimeEpoch).toBe('number');
  });

  test('has null for what is not there', async () => {
    await open();
    await gateway.send('GET', '/prod/topics/x');
    expect(gateway.events[0]!.event).toMatchObject({
      body: null,
      isBase64Encoded: false,
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
    });
  });

  test.each([KAFKA, `${KAFKA}; charset=utf-8`, 'image/png'])(
    'has a body of %s in base64, byte for byte',
    async (type) => {
      await open();
      const body = Buffer.from([0x7b, 0xff, 0x00, 0x7d]);
      await gateway.send('POST', '/prod/topics/x', { headers: { 'content-type': type }, body });
      expect(gateway.events[0]!.event).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
    },
  );

  test('is at most 6 MB', async () => {
    await open();
    const sent = { headers: { 'content-type': KAFKA }, body: Buffer.alloc(5 * 1024 * 1024) };
    expect((await gateway.send('POST', '/prod/topics/x', sent)).status).toBe(413);
    expect(gateway.events).toEqual([]);
  });
});

describe('what a function returns', () => {
  test('is the answer', async () => {
    await open();
    gateway.invoke = () => ({
      statusCode: 404,
      headers: { 'Content-Type': 'application/vnd.kafka.v2+json', 'Retry-After': 1 },
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] },
      body: '{"error_code":40401}',
    });
    const { status, headers, json } = await gateway.send('GET', '/prod/topics/x');
    expect([status, json]).toEqual([404, { error_code: 40401 }]);
    expect(headers).toMatchObject({
      'content-type': 'application/vnd.kafka.v2+json',
      'retry-after': '1',
      'set-cookie': ['a=1', 'b=2'],
    });
    expect(headers['x-amzn-requestid']).toBeDefined();
  });

  test.each([
    ['image/png', 'bytes'],
    ['text/plain', Buffer.from('bytes').toString('base64')],
  ])('is decoded from base64 only for a client that wants bytes: %s', async (accept, text) => {
    await open();
    gateway.invoke = () => ({ statusCode: 200, body: Buffer.from('bytes').toString('base64'), isBase64Encoded: true });
    expect((await gateway.send('GET', '/prod/topics/x', { headers: { accept } })).text).toBe(text);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a string', 'ok'],
    ['an object as the body', { statusCode: 200, body: {} }],
    ['a status that is none', { statusCode: 'ok' }],
    ['a header that is an object', { statusCode: 200, headers: { a: {} } }],
    ['a member of its own', { statusCode: 200, message: 'x' }],
  ])('%s: 502', async (_, returned) => {
    await open();
    gateway.invoke = () => returned;
    const { status, json } = await gateway.send('GET', '/prod/topics/x');
    expect([status, json]).toEqual([502, { message: 'Internal server error' }]);
  });

  test('a function that throws: 502; one that is throttled: 500', async () => {
    await open();
    gateway.invoke = () => {
      throw new Error('no');
    };
    expect((await gateway.send('GET', '/prod/topics/x')).status).toBe(502);
    gateway.invoke = () => {
      throw new ServiceError('TooManyRequestsException', 'Rate Exceeded.', 429);
    };
    expect((await gateway.send('GET', '/prod/topics/x')).status).toBe(500);
    // Of the integration the log has what Lambda answers.
    expect(gateway.accessLog.map(([, line]) => line)).toEqual([
      expect.stringMatching(/^502 200 /),
      expect.stringMatching(/^500 429 /),
    ]);
  });

  test('too late: 504', async () => {
    await open({ TimeoutInMillis: 50 });
    gateway.invoke = () => new Promise(() => {});
    expect((await gateway.send('GET', '/prod/topics/x')).status).toBe(504);
  });
});

describe('who lets API Gateway in', () => {
  const get = async () => (await gateway.send('GET', '/prod/topics/x')).status;

  test("the function's policy, for the methods that it names", async () => {
    await open();
    gateway.permissions.remove('p');
    expect(await get()).toBe(500);
    gateway.permissions.put('p', {
      ...permission,
      sourceArn: 'arn:aws:execute-api:us-east-1:000000000000:*/prod/POST/*',
    });
    expect(await get()).toBe(500);
    gateway.permissions.put('p', { ...permission, sourceArn: 'arn:aws:execute-api:us-east-1:000000000000:*/*/*/*' });
    expect(await get()).toBe(200);
    gateway.permissions.put('p', { ...permission, service: 'events.amazonaws.com' });
    expect(await get()).toBe(500);
  });

  test("the integration's role", async () => {
    await open({ Credentials: 'arn:aws:iam::000000000000:role/door' });
    gateway.permissions.remove('p');
    expect(await get()).toBe(200);
  });
});

test.each([
  [{ Uri: 'arn:aws:apigateway:us-east-1:sqs:path/x' }, /Lambda functions only/],
  [{ IntegrationHttpMethod: 'GET' }, /IntegrationHttpMethod POST/],
  [{ RequestTemplates: { 'application/json': '{}' } }, /no templates/],
])('%j stops the deploy', async (more, message) => {
  await expect(gateway.deploy(template(more))).rejects.toThrow(message);
});

test('AWS::Lambda::Permission', async () => {
  const { permissions } = gateway;
  const type = lambdaPermission({ arn: (name) => FUNCTION.replace(/f$/, name), permissions });
  const properties = { Action: 'lambda:InvokeFunction', FunctionName: 'f', Principal: 's.amazonaws.com' };
  expect(undeclaredProperties(type, { ...properties, EventSourceToken: 'x' })).toEqual(['EventSourceToken']);
  expect(type.check!({ ...properties, Principal: '123456789012' })).toHaveLength(1);
  const request = {
    type: type.type,
    stack: 's',
    logicalId: 'P',
    path: 's/P',
    account: '000000000000',
    region: 'us-east-1',
  };
  const deployed = await type.create({ ...request, properties, generatedName: () => 'x' });
  expect(permissions.allow(FUNCTION, 's.amazonaws.com', 'arn:aws:s:::x')).toBe(true);
  await type.remove!(deployed);
  expect(permissions.allow(FUNCTION, 's.amazonaws.com', 'arn:aws:s:::x')).toBe(false);
});

test('a real bundle answers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pinflow-proxy-'));
  const target = { account: '000000000000', region: 'us-east-1' };
  const logs = new LogsService({ file: join(directory, 'logs.sqlite'), ...target });
  logs.store.putGroup('/f', null);
  const lambda = new LambdaService({
    ...target,
    endpoint: 'http://127.0.0.1:4566',
    identities: { assume: () => ({ kind: 'role', arn: 'r', accessKeyId: 'k', secretAccessKey: 's' }) as Caller },
    frontDoor: { authorize: () => {} },
    logs,
  });
  try {
    writeFileSync(
      join(directory, 'index.js'),
      'exports.handler = async ({ httpMethod, body }) => ({ statusCode: 201, body: JSON.stringify([httpMethod, body]) });',
    );
    const limits = { timeoutSeconds: 60, memoryMb: 128, logGroup: '/f', environment: {} };
    await lambda.define({ name: 'f', directory, handler: 'index.handler', roleArn: 'r', ...limits });
    gateway.invoke = async (event) => JSON.parse((await lambda.invoke(FUNCTION, JSON.stringify(event))).payload);
    await open();
    const { status, json } = await gateway.send('POST', '/prod/topics/x', { body: '{}' });
    expect([status, json]).toEqual([201, ['POST', '{}']]);
  } finally {
    await lambda.close();
    logs.close();
    rmSync(directory, { recursive: true });
  }
});
