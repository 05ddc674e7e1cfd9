import { describe, expect, test } from '@jest/globals';
import { asText, ofType, only, type Properties, synth } from '../app/synth.ts';

const { ingest } = synth('laptop').templates;
const methods = Object.values(ofType(ingest, 'AWS::ApiGateway::Method'));
const routes = new Map(methods.map((method) => [`${method['HttpMethod']} ${pathOf(method)}`, method]));
const toKinesis = methods.filter(({ Integration }) => Integration.Type === 'AWS');

function pathOf({ ResourceId }: Properties): string {
  const resource = ofType(ingest, 'AWS::ApiGateway::Resource')[ResourceId.Ref];
  if (!resource) return '';
  const { PathPart, ParentId } = resource;
  return `${pathOf({ ResourceId: ParentId })}/${PathPart}`;
}

test.each([
  ['laptop', { ShardCount: 2, StreamModeDetails: { StreamMode: 'PROVISIONED' } }],
  ['dev', { ShardCount: 1, StreamModeDetails: { StreamMode: 'PROVISIONED' } }],
])('%s: streams are encrypted and kept for a day', (profile, capacity) => {
  const streams = Object.values(ofType(synth(profile).templates.ingest, 'AWS::Kinesis::Stream'));
  expect(streams).toHaveLength(3);
  for (const stream of streams) {
    expect(stream).toMatchObject({
      ...capacity,
      RetentionPeriodHours: 24,
      StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
    });
  }
});

test('the routes are those of the contract, with a preflight on each', () => {
  expect([...routes.keys()].sort()).toEqual([
    'GET /streams',
    'GET /streams/{stream-name}',
    'OPTIONS ',
    'OPTIONS /streams',
    'OPTIONS /streams/{stream-name}',
    'OPTIONS /streams/{stream-name}/record',
    'OPTIONS /streams/{stream-name}/records',
    'POST /streams/{stream-name}/record',
    'POST /streams/{stream-name}/records',
    'PUT /streams/{stream-name}/record',
    'PUT /streams/{stream-name}/records',
  ]);
});

test.each([
  ['PUT /streams/{stream-name}/record', 'PutRecord'],
  ['POST /streams/{stream-name}/record', 'PutRecord'],
  ['PUT /streams/{stream-name}/records', 'PutRecords'],
  ['POST /streams/{stream-name}/records', 'PutRecords'],
  ['GET /streams', 'ListStreams'],
  ['GET /streams/{stream-name}', 'DescribeStream'],
])('%s calls %s', (route, action) => {
  const integration = routes.get(route)!['Integration'];
  expect(asText(integration.Uri)).toBe(`arn:\${AWS::Partition}:apigateway:\${AWS::Region}:kinesis:action/${action}`);
  expect(integration).toMatchObject({
    IntegrationHttpMethod: 'POST',
    RequestParameters: { 'integration.request.header.Content-Type': "'application/x-amz-json-1.1'" },
  });
});

test('no body of another content type gets past its template', () => {
  expect(methods.map(({ Integration }) => Integration.PassthroughBehavior)).toEqual(methods.map(() => 'NEVER'));
  expect(only(ingest, 'AWS::ApiGateway::RestApi')).not.toHaveProperty('BinaryMediaTypes');
});

test('what writes is validated, and every template answers JSON', () => {
  for (const [route, method] of routes) {
    if (route.startsWith('OPTIONS')) continue;
    expect(method).toHaveProperty('RequestValidatorId.Ref');
    expect(Boolean(method['RequestModels']?.['application/json'])).toBe(/^(PUT|POST)/.test(route));
  }
  for (const { Integration } of toKinesis) {
    expect(Object.keys(Integration.RequestTemplates)).toEqual(['application/json']);
    for (const { ResponseTemplates } of Integration.IntegrationResponses) {
      expect(Object.keys(ResponseTemplates)).toEqual(['application/json']);
    }
  }
  expect(only(ingest, 'AWS::ApiGateway::RequestValidator')).toMatchObject({
    ValidateRequestBody: true,
    ValidateRequestParameters: true,
  });
});

test('only a success of Kinesis is a success', () => {
  const statuses = ['200', '207', '400', '404', '413', '429', '500', '503'];
  for (const { Integration, MethodResponses } of toKinesis) {
    const patterns = Integration.IntegrationResponses.map((response: Properties) => [
      response['StatusCode'],
      response['SelectionPattern'],
    ]);
    expect(patterns).toEqual([
      ['200', '2\\d{2}'],
      ['400', '4\\d{2}'],
      ['500', undefined],
    ]);
    for (const { ResponseParameters } of Integration.IntegrationResponses) {
      expect(ResponseParameters).toEqual({ 'method.response.header.Access-Control-Allow-Origin': "'*'" });
    }
    expect(MethodResponses.map(({ StatusCode }: Properties) => StatusCode)).toEqual(statuses);
    for (const { ResponseParameters } of MethodResponses) {
      expect(Object.keys(ResponseParameters)).toContain('method.response.header.Retry-After');
    }
  }
});

test('a preflight allows every origin and the methods there are', () => {
  const { Integration } = routes.get('OPTIONS /streams/{stream-name}/record')!;
  expect(JSON.parse(Integration.RequestTemplates['application/json'])).toEqual({ statusCode: 204 });
  expect(Integration.IntegrationResponses).toEqual([
    {
      StatusCode: '204',
      ResponseParameters: expect.objectContaining({
        'method.response.header.Access-Control-Allow-Origin': "'*'",
        'method.response.header.Access-Control-Allow-Methods': "'GET,PUT,POST,OPTIONS'",
      }),
    },
  ]);
});

describe('the stage', () => {
  const stage = only(ingest, 'AWS::ApiGateway::Stage');
  const settings: Properties[] = stage['MethodSettings'];

  test('is regional, named prod, and logs each request as a JSON line', () => {
    expect(only(ingest, 'AWS::ApiGateway::RestApi')['EndpointConfiguration']).toEqual({ Types: ['REGIONAL'] });
    expect(stage['StageName']).toBe('prod');
    expect(asText(stage['AccessLogSetting'].DestinationArn)).toMatch(/:log-group:\$\{ApiAccessLogs/);
    expect(JSON.parse(stage['AccessLogSetting'].Format)).toMatchObject({
      requestId: '$context.requestId',
      status: '$context.status',
    });
  });

  test('takes more writes than the public clients send, and no more control calls than Kinesis does', () => {
    const limits = settings.map(({ HttpMethod, ResourcePath, ThrottlingRateLimit, ThrottlingBurstLimit }) => [
      `${HttpMethod} ${ResourcePath}`,
      ThrottlingRateLimit,
      ThrottlingBurstLimit,
    ]);
    expect(limits).toEqual([
      ['* /*', 5000, 5000],
      ['GET /~1streams', 5, 5],
      ['GET /~1streams~1{stream-name}', 10, 10],
    ]);
  });

  test('logs failed calls without the rows they carried', () => {
    expect(settings.map(({ LoggingLevel, DataTraceEnabled }) => [LoggingLevel, DataTraceEnabled])).toEqual(
      settings.map(() => ['ERROR', false]),
    );
  });

  test('logs are given up after the time of the profile', () => {
    expect(Object.values(ofType(ingest, 'AWS::Logs::LogGroup')).map((group) => group['RetentionInDays'])).toEqual([
      7, 7,
    ]);
  });
});

describe('gateway responses', () => {
  const responses = Object.values(ofType(ingest, 'AWS::ApiGateway::GatewayResponse'));

  test.each(responses.map((response) => [response['ResponseType'], response]))(
    '%s is JSON with CORS',
    (_, response) => {
      const body = JSON.parse(
        response.ResponseTemplates['application/json'].replace('$context.error.messageString', '"Forbidden"'),
      );
      expect(body).toEqual({ __type: expect.stringMatching(/^[A-Z]\w+$/), message: expect.any(String) });
      expect(response.ResponseParameters).toMatchObject({
        'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
      });
    },
  );

  test('give the status and the hint that the caller needs', () => {
    const byType = new Map(responses.map((response) => [response['ResponseType'], response]));
    const message = (type: string) => byType.get(type)!['ResponseTemplates']['application/json'];
    expect(byType.get('MISSING_AUTHENTICATION_TOKEN')).toMatchObject({ StatusCode: '404' });
    expect(message('MISSING_AUTHENTICATION_TOKEN')).toContain('/{stage}/streams/{stream-name}/record');
    expect(byType.get('UNSUPPORTED_MEDIA_TYPE')).toMatchObject({ StatusCode: '415' });
    expect(message('UNSUPPORTED_MEDIA_TYPE')).toContain('application/json');
    expect(message('BAD_REQUEST_BODY')).toContain('$context.error.validationErrorString');
    expect(byType.get('REQUEST_TOO_LARGE')).toMatchObject({ StatusCode: '413' });
    expect(byType.get('THROTTLED')).toMatchObject({
      StatusCode: '429',
      ResponseParameters: { 'gatewayresponse.header.Retry-After': "'1'" },
    });
    expect([...byType.keys()]).toEqual(expect.arrayContaining(['DEFAULT_4XX', 'DEFAULT_5XX']));
  });
});

test('the role of the API may put to and describe its own streams, and list names', () => {
  const role = Object.values(ofType(ingest, 'AWS::IAM::Role')).find(({ Policies }) => Policies)!;
  const statements: Properties[] = role['Policies'][0].PolicyDocument.Statement;
  expect(statements.map(({ Action, Resource }) => [Action, [Resource].flat().map(asText)])).toEqual([
    [
      ['kinesis:DescribeStream', 'kinesis:PutRecord', 'kinesis:PutRecords'],
      [
        expect.stringMatching(/^\$\{Streamsgeo/),
        expect.stringMatching(/^\$\{Streamspin/),
        expect.stringMatching(/^\$\{Streamsuser/),
      ],
    ],
    ['kinesis:ListStreams', ['*']],
  ]);
});
