import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Context } from '../../../local/services/apigateway/context.ts';
import { Substitution } from '../../../local/services/apigateway/substitution.ts';
import { TokenBucket } from '../../../local/services/apigateway/throttle.ts';
import { ServiceError } from '../../../local/services/service.ts';
import type { TemplateResource } from '../../../local/template/assembly.ts';
import { Gateway } from './gateway.ts';

// biome-ignore lint/suspicious/noExplicitAny: properties are as free as CloudFormation's
type Properties = Record<string, any>;

let gateway: Gateway | undefined;

afterEach(() => gateway?.service.close());

const api = { Ref: 'Api' };
const JSON_TYPE = 'application/json';

const kinesis = (request: string, response?: string, more: Properties = {}): Properties => ({
  Type: 'AWS',
  Uri: 'arn:aws:apigateway:us-east-1:kinesis:action/PutRecord',
  Credentials: 'arn:aws:iam::000000000000:role/door',
  IntegrationHttpMethod: 'POST',
  PassthroughBehavior: 'NEVER',
  RequestTemplates: { [JSON_TYPE]: request },
  IntegrationResponses: [
    { StatusCode: '200', ...(response !== undefined && { ResponseTemplates: { [JSON_TYPE]: response } }) },
  ],
  ...more,
});

interface Declared {
  /** `PUT /a/{b}` -> properties of the method. */
  readonly methods: Readonly<Record<string, Properties>>;
  readonly stage?: Properties;
  readonly more?: Record<string, TemplateResource>;
}

/** A template of one API. Resources are named after their paths. */
function template({ methods, stage = {}, more = {} }: Declared): Record<string, TemplateResource> {
  const resources: Record<string, TemplateResource> = {
    Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'test' } },
    ...more,
  };
  for (const [route, properties] of Object.entries(methods)) {
    const [verb, path] = route.split(' ') as [string, string];
    let parent: object = { 'Fn::GetAtt': ['Api', 'RootResourceId'] };
    let id = 'Root';
    for (const part of path.split('/').filter(Boolean)) {
      id += Buffer.from(part).toString('hex');
      resources[id] = {
        Type: 'AWS::ApiGateway::Resource',
        Properties: { RestApiId: api, ParentId: parent, PathPart: part },
      };
      parent = { Ref: id };
    }
    resources[`${id}${verb}`] = {
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        RestApiId: api,
        ResourceId: parent,
        HttpMethod: verb,
        AuthorizationType: 'NONE',
        MethodResponses: [{ StatusCode: '200' }],
        ...properties,
      },
    };
  }
  const others = Object.keys(resources);
  resources['Deployment'] = { Type: 'AWS::ApiGateway::Deployment', Properties: { RestApiId: api }, DependsOn: others };
  resources['Stage'] = {
    Type: 'AWS::ApiGateway::Stage',
    Properties: { RestApiId: api, DeploymentId: { Ref: 'Deployment' }, StageName: 'prod', ...stage },
  };
  return resources;
}

async function start(declared: Declared): Promise<Gateway> {
  gateway = new Gateway();
  await gateway.deploy(template(declared));
  await gateway.service.listen();
  return gateway;
}

describe('routing', () => {
  const echo = {
    Integration: kinesis(
      '{"path": "$context.resourcePath", "params": "$util.escapeJavaScript("$input.params().path")"}',
    ),
  };

  test('literal parts go before variables, and those before greedy ones', async () => {
    const routes = ['ANY /{proxy+}', 'PUT /a/{b}', 'PUT /a/c', 'PUT /a/{b}/d'];
    const door = await start({ methods: Object.fromEntries(routes.map((route) => [route, echo])) });
    const asked = ['/a/c', '/a/x%20y', '/a/x/d', '/prod/a/x/e', '/a'];
    for (const path of asked) await door.send('PUT', path);
    expect(door.calls.map(({ input }) => [input.path, input.params])).toEqual([
      ['/a/c', '{}'],
      ['/a/{b}', '{b=x y}'],
      ['/a/{b}/d', '{b=x}'],
      ['/{proxy+}', '{proxy=a/x/e}'],
      ['/{proxy+}', '{proxy=a}'],
    ]);
  });

  test('without customised gateway responses errors are those of AWS', async () => {
    const door = await start({ methods: { 'PUT /a': echo } });
    const reply = await door.send('GET', '/prod/a');
    expect([reply.status, reply.json]).toEqual([403, { message: 'Missing Authentication Token' }]);
    expect(reply.headers).toMatchObject({
      'x-amzn-errortype': 'MissingAuthenticationTokenException',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});

describe('integrations', () => {
  test('a template that fails is a 500, and told with its route', async () => {
    const door = await start({ methods: { 'PUT /a': { Integration: kinesis("$input.path('$.a').length()") } } });
    const reply = await door.send('PUT', '/a', { body: { a: [] } });
    expect([reply.status, reply.json]).toEqual([500, { message: 'Internal server error' }]);
    expect(door.failures).toEqual([
      expect.stringMatching(/PUT \/a.*request template of application\/json.*line 1: .*a List has no method length/),
    ]);
  });

  test('what renders to no JSON is refused as the service would', async () => {
    const door = await start({ methods: { 'PUT /a': { Integration: kinesis('no json') } } });
    const reply = await door.send('PUT', '/a');
    expect([reply.status, reply.json.__type, door.calls]).toEqual([200, 'SerializationException', []]);
  });

  test('the response is chosen by the whole status', async () => {
    const Integration = kinesis('{}', undefined, {
      IntegrationResponses: [
        { StatusCode: '400', SelectionPattern: '40' },
        {
          StatusCode: '404',
          SelectionPattern: '4\\d{2}',
          ResponseParameters: {
            'method.response.header.X-A': "'it'",
            'method.response.header.X-B': 'integration.response.header.x-amzn-RequestId',
          },
          ResponseTemplates: { [JSON_TYPE]: "$input.path('$.__type')" },
        },
        { StatusCode: '500' },
      ],
    });
    const declared = { 'method.response.header.X-A': true, 'method.response.header.X-B': true };
    const MethodResponses = ['400', '404', '500'].map((StatusCode) => ({ StatusCode, ResponseParameters: declared }));
    const door = await start({ methods: { 'PUT /a': { Integration, MethodResponses } } });
    door.respond = () => {
      throw new ServiceError('Nope', 'no', 400);
    };
    const refused = await door.send('PUT', '/a');
    expect([refused.status, refused.text, refused.headers['x-a']]).toEqual([404, 'Nope', 'it']);
    expect(refused.headers['x-b']).toBe(refused.headers['x-amzn-requestid']);
    door.respond = () => ({ fine: true });
    expect((await door.send('PUT', '/a')).status).toBe(500);
  });

  test('a service that takes too long is a 504', async () => {
    const door = await start({
      methods: { 'PUT /a': { Integration: kinesis('{}', undefined, { TimeoutInMillis: 50 }) } },
    });
    door.respond = () => new Promise(() => {});
    const reply = await door.send('PUT', '/a');
    expect([reply.status, reply.json]).toEqual([504, { message: 'Endpoint request timed out' }]);
  });

  test('a body without a template passes as it is where the method says so', async () => {
    const door = await start({
      methods: {
        'PUT /a': { Integration: kinesis('{"mapped": 1}', undefined, { PassthroughBehavior: 'WHEN_NO_MATCH' }) },
      },
    });
    await door.send('PUT', '/a', { headers: { 'Content-Type': 'text/json' }, body: '{"raw": 1}' });
    await door.send('PUT', '/a', { body: '{"raw": 1}' });
    expect(door.calls.map(({ input }) => input)).toEqual([{ raw: 1 }, { mapped: 1 }]);
  });
});

describe('validation', () => {
  test('says what is wrong in the words of API Gateway', async () => {
    const door = await start({
      methods: {
        'PUT /a': {
          Integration: kinesis('{}'),
          RequestModels: { [JSON_TYPE]: { Ref: 'Model' } },
          RequestValidatorId: { Ref: 'Validator' },
          RequestParameters: { 'method.request.querystring.q': true, 'method.request.header.X-H': false },
        },
      },
      more: {
        Validator: {
          Type: 'AWS::ApiGateway::RequestValidator',
          Properties: { RestApiId: api, ValidateRequestBody: true, ValidateRequestParameters: true },
        },
        Model: {
          Type: 'AWS::ApiGateway::Model',
          Properties: {
            RestApiId: api,
            ContentType: JSON_TYPE,
            Schema: {
              $schema: 'http://json-schema.org/draft-04/schema#',
              type: 'object',
              required: ['b', 'a'],
              properties: {
                a: { type: 'string', maxLength: 2 },
                n: { type: 'array', minItems: 1 },
                i: { type: 'integer' },
              },
            },
          },
        },
        Body: {
          Type: 'AWS::ApiGateway::GatewayResponse',
          Properties: {
            RestApiId: api,
            ResponseType: 'BAD_REQUEST_BODY',
            ResponseTemplates: {
              [JSON_TYPE]: '{"m":$context.error.messageString,"v":"$context.error.validationErrorString"}',
            },
          },
        },
      },
    });
    expect((await door.send('PUT', '/a')).json).toEqual({ message: 'Missing required request parameters: [q]' });
    const ask = async (body: unknown) => (await door.send('PUT', '/a?q=1', { body })).json;
    expect(await ask({})).toEqual({
      m: 'Invalid request body',
      v: '[object has missing required properties (["a","b"])]',
    });
    expect((await ask({ a: 'x"y', b: 1, n: [], i: 1.5 })).v).toBe(
      '[string "x\\"y" is too long (length: 3, maximum allowed: 2), array is too short: must have at least 1 elements but instance has 0 elements, instance type (number) does not match any allowed primitive type (allowed: ["integer"])]',
    );
    expect((await door.send('PUT', '/a?q=1', { body: '{"a": "x", "b": 1, "i": 12345678901234567890}' })).status).toBe(
      200,
    );
  });
});

describe('refused at deploy', () => {
  const method = (integration: Properties, more: Properties = {}) => ({
    methods: { 'PUT /a': { Integration: integration, ...more } },
  });
  test.each<[string, Declared, RegExp]>([
    [
      'an unknown construct',
      method(kinesis('$foo.bar')),
      /PUT \/a, request template of application\/json.*\$foo\.bar: nothing sets/,
    ],
    ['a bad response template', method(kinesis('{}', '$input.frob()')), /response template of 200.*frob/],
    [
      'a Lambda proxy',
      method({ Type: 'AWS_PROXY', Uri: 'arn:aws:apigateway:us-east-1:lambda:path/x', IntegrationHttpMethod: 'POST' }),
      /AWS_PROXY/,
    ],
    ['an authorizer', method(kinesis('{}'), { AuthorizationType: 'COGNITO_USER_POOLS' }), /COGNITO_USER_POOLS/],
    [
      'an integration response without its method response',
      method(kinesis('{}'), { MethodResponses: [] }),
      /no method response/,
    ],
    [
      'a header that the method response does not have',
      method(
        kinesis('{}', '', {
          IntegrationResponses: [{ StatusCode: '200', ResponseParameters: { 'method.response.header.X': "'1'" } }],
        }),
      ),
      /method\.response\.header\.X is not in the method response/,
    ],
    ['an unknown validator', method(kinesis('{}'), { RequestValidatorId: 'none' }), /no request validator none/],
    [
      'a bad access log',
      { ...method(kinesis('{}')), stage: { AccessLogSetting: { DestinationArn: 'arn:x', Format: '$context.nope' } } },
      /\$context\.nope/,
    ],
    [
      'VTL in a gateway response',
      {
        ...method(kinesis('{}')),
        more: {
          Bad: {
            Type: 'AWS::ApiGateway::GatewayResponse',
            Properties: {
              RestApiId: api,
              ResponseType: 'THROTTLED',
              ResponseTemplates: { [JSON_TYPE]: '#if(true)x#end' },
            },
          },
        },
      },
      /no VTL/,
    ],
  ])('%s', async (_, declared, message) => {
    await expect(new Gateway().deploy(template(declared))).rejects.toThrow(message);
  });
});

test('a refused body leaves the connection usable, and a client that hangs up leaves no trace', async () => {
  const door = await start({ methods: { 'PUT /a': { Integration: kinesis('{}') } } });
  const lost = connect(Number(new URL(door.service.url).port), '127.0.0.1', () => {
    lost.write('PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf');
    setTimeout(() => lost.destroy(), 20);
  });
  await new Promise((resolve) => lost.on('close', resolve));
  const refused = await door.send('PUT', '/b', { headers: { Connection: 'keep-alive' }, body: 'x'.repeat(100_000) });
  expect([refused.status, refused.headers.connection]).toEqual([403, 'keep-alive']);
  expect(door.failures).toEqual([]);
});

test('what is no HTTP is answered in JSON', async () => {
  const door = await start({ methods: { 'PUT /a': { Integration: kinesis('{}') } } });
  const text = await new Promise<string>((resolve) => {
    let received = '';
    const socket = connect(Number(new URL(door.service.url).port), '127.0.0.1', () => socket.write('hello\r\n\r\n'));
    socket.on('data', (data) => {
      received += data;
    });
    socket.on('close', () => resolve(received));
  });
  expect(text).toMatch(
    /^HTTP\/1\.1 400 Bad Request\r\n.*content-type: application\/json.*\{"message":"Bad Request"\}$/s,
  );
});

test('a token bucket fills up at its rate to its burst', () => {
  const bucket = new TokenBucket(10, 2, 0);
  expect([0, 0, 0, 99, 100, 10_000, 10_000, 10_000].map((now) => bucket.take(now))).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
});

test('a brace behind $context.x belongs to the text', () => {
  const context = new Context();
  context.set({ status: 200, path: '/a"b' });
  const fill = (text: string) => new Substitution(text, '-', 'test').fill(context, { v: 'x' });
  expect(fill('{"a":$context.status}')).toBe('{"a":200}');
  expect(fill('{"a":${context.status}}')).toBe('{"a":200}');
  expect(fill('{"a":"$context.path","b":"${stageVariables.v}","c":$context.error.message}')).toBe(
    '{"a":"/a\\"b","b":"x","c":-}',
  );
});
