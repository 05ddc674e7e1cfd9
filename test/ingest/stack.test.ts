import { describe, expect, test } from '@jest/globals';
import { UnknownAuthError } from '../../lib/profiles/index.ts';
import { asText, named, ofType, only, type Properties, type StackTemplate, synth, synthChecked } from '../app/synth.ts';

const { ingest } = synth('laptop', {}, 'demo', 'none', 'off').templates;
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
    'DELETE /streams/{stream-name}',
    'GET /metrics',
    'GET /metrics/{metric-name}',
    'GET /questions',
    'GET /questions/{question-name}',
    'GET /streams',
    'GET /streams/{stream-name}',
    'OPTIONS ',
    'OPTIONS /metrics',
    'OPTIONS /metrics/{metric-name}',
    'OPTIONS /questions',
    'OPTIONS /questions/{question-name}',
    'OPTIONS /streams',
    'OPTIONS /streams/{stream-name}',
    'OPTIONS /streams/{stream-name}/record',
    'OPTIONS /streams/{stream-name}/records',
    'POST /streams/{stream-name}',
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
  ['POST /streams/{stream-name}', 'CreateStream'],
  ['DELETE /streams/{stream-name}', 'DeleteStream'],
])('%s calls %s', (route, action) => {
  const integration = routes.get(route)!['Integration'];
  expect(asText(integration.Uri)).toBe(`arn:\${AWS::Partition}:apigateway:\${AWS::Region}:kinesis:action/${action}`);
  expect(integration).toMatchObject({
    IntegrationHttpMethod: 'POST',
    RequestParameters: { 'integration.request.header.Content-Type': "'application/x-amz-json-1.1'" },
  });
});

test('no body of another content type gets past its template', () => {
  const templated = methods.filter(({ Integration }) => Integration.Type !== 'AWS_PROXY');
  expect(templated.map(({ Integration }) => Integration.PassthroughBehavior)).toEqual(templated.map(() => 'NEVER'));
  expect(only(ingest, 'AWS::ApiGateway::RestApi')).not.toHaveProperty('BinaryMediaTypes');
});

test('what writes is validated, and every template answers JSON', () => {
  for (const [route, method] of routes) {
    if (method['Integration'].Type !== 'AWS') continue;
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
    for (const { ResponseParameters } of MethodResponses) {
      expect(Object.keys(ResponseParameters)).toContain('method.response.header.Retry-After');
    }
  }
});

test.each([
  ['GET /streams', []],
  ['GET /streams/{stream-name}', []],
  ['PUT /streams/{stream-name}/record', ['413']],
  ['POST /streams/{stream-name}/records', ['207', '413']],
  ['POST /streams/{stream-name}', ['403', '409']],
  ['DELETE /streams/{stream-name}', ['403', '409']],
])('%s declares the statuses it has', (route, more) => {
  const statuses = routes.get(route)!['MethodResponses'].map(({ StatusCode }: Properties) => StatusCode);
  expect(statuses).toEqual(['200', '400', '404', '429', '500', '503', ...more].sort());
});

test.each([
  ['', "'OPTIONS'"],
  ['/streams', "'GET,OPTIONS'"],
  ['/streams/{stream-name}', "'GET,POST,DELETE,OPTIONS'"],
  ['/streams/{stream-name}/record', "'PUT,POST,OPTIONS'"],
  ['/streams/{stream-name}/records', "'PUT,POST,OPTIONS'"],
])('a preflight of %s allows every origin and the methods there are', (path, allowed) => {
  const { Integration } = routes.get(`OPTIONS ${path}`)!;
  expect(JSON.parse(Integration.RequestTemplates['application/json'])).toEqual({ statusCode: 204 });
  expect(Integration.IntegrationResponses).toEqual([
    {
      StatusCode: '204',
      ResponseParameters: expect.objectContaining({
        'method.response.header.Access-Control-Allow-Origin': "'*'",
        'method.response.header.Access-Control-Allow-Methods': allowed,
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
      ['POST /~1streams~1{stream-name}', 5, 5],
      ['DELETE /~1streams~1{stream-name}', 5, 5],
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

describe('the role of the API', () => {
  const statementsOf = (template: StackTemplate) => {
    const role = named(template, 'AWS::IAM::Role', 'ApiDoorRole');
    const statements: Properties[] = role['Policies'][0].PolicyDocument.Statement;
    return statements.map(({ Effect, Action, Resource }) => [Effect, Action, [Resource].flat().map(asText)]);
  };
  const always = [
    [
      'Allow',
      ['kinesis:DescribeStream', 'kinesis:PutRecord', 'kinesis:PutRecords'],
      [
        expect.stringMatching(/^\$\{Streamsgeo/),
        expect.stringMatching(/^\$\{Streamspin/),
        expect.stringMatching(/^\$\{Streamsuser/),
      ],
    ],
    ['Allow', 'kinesis:ListStreams', ['*']],
  ];

  test('may put to and describe its own streams, and list names', () => {
    expect(statementsOf(synth('dev').templates.ingest)).toEqual(always);
  });

  test('may create and delete streams of clients where the profile has them, but never its own', () => {
    const stream = 'arn:${AWS::Partition}:kinesis:${AWS::Region}:${AWS::AccountId}:stream';
    expect(statementsOf(ingest)).toEqual([
      ...always,
      ['Allow', ['kinesis:CreateStream', 'kinesis:DeleteStream', 'kinesis:DescribeStream'], [`${stream}/streaming-*`]],
      ['Deny', ['kinesis:CreateStream', 'kinesis:DeleteStream'], [`${stream}/streaming-demo-*`]],
    ]);
  });
});

test('streams are created and deleted through the API of a laptop only', () => {
  const { ingest: dev } = synth('dev').templates;
  const verbs = Object.values(ofType(dev, 'AWS::ApiGateway::Method'))
    .filter(({ Integration }) => Integration.Type === 'AWS')
    .map(({ HttpMethod }) => HttpMethod);
  expect(new Set(verbs)).toEqual(new Set(['GET', 'PUT', 'POST']));
  const hint = (template: StackTemplate) =>
    Object.values(ofType(template, 'AWS::ApiGateway::GatewayResponse')).find(
      ({ ResponseType }) => ResponseType === 'MISSING_AUTHENTICATION_TOKEN',
    )!['ResponseTemplates']['application/json'];
  expect(hint(dev)).toContain('Creating and deleting streams is off');
  expect(hint(ingest)).toContain('POST and DELETE /{stage}/streams/{stream-name}');
});

describe('auth', () => {
  const withAuthOf = (auth: string) => synth('dev', {}, 'demo', auth);
  const guarded = (template: StackTemplate) =>
    Object.values(ofType(template, 'AWS::ApiGateway::Method')).map(
      ({ HttpMethod, AuthorizationType, ApiKeyRequired }) =>
        `${HttpMethod === 'OPTIONS' ? 'preflight' : 'other'} ${AuthorizationType} ${ApiKeyRequired}`,
    );

  test.each([
    ['none', ['other NONE false', 'preflight NONE false'], ['MISSING_AUTHENTICATION_TOKEN']],
    ['api-key', ['other NONE true', 'preflight NONE false'], ['INVALID_API_KEY', 'QUOTA_EXCEEDED']],
    ['iam', ['other AWS_IAM false', 'preflight NONE false'], ['ACCESS_DENIED', 'EXPIRED_TOKEN', 'INVALID_SIGNATURE']],
  ])('%s guards every method but preflights, without a finding of cdk-nag', (auth, methodsOf, responses) => {
    const { templates, report } = synthChecked('dev', {}, 'demo', auth);
    expect([...new Set(guarded(templates.ingest))].sort()).toEqual(methodsOf);
    const types = Object.values(ofType(templates.ingest, 'AWS::ApiGateway::GatewayResponse')).map(
      ({ ResponseType }) => ResponseType,
    );
    expect(types).toEqual(expect.arrayContaining(responses));
    expect(JSON.stringify(report).includes('pinflow:openApi')).toBe(auth === 'none');
    // Not that of cdk-nag, which is there with findings only.
    const reports = (report['pluginReports'] as Properties[]).map(({ pluginName, conclusion }) => [
      pluginName,
      conclusion,
    ]);
    expect(reports.sort()).toEqual([
      ['CloudFormation Validate', 'success'],
      ['Construct Annotations', 'success'],
    ]);
  });

  test('a key has a usage plan of the stage with the limits of the profile, and an output that tells how to read it', () => {
    const { ingest: keyed } = withAuthOf('api-key').templates;
    expect(only(keyed, 'AWS::ApiGateway::ApiKey')).not.toHaveProperty('Value');
    const plan = only(keyed, 'AWS::ApiGateway::UsagePlan');
    expect(plan).toMatchObject({
      Throttle: { RateLimit: 100, BurstLimit: 200 },
      Quota: { Limit: 1_000_000, Period: 'DAY' },
      ApiStages: [{ ApiId: { Ref: expect.any(String) }, Stage: { Ref: expect.any(String) } }],
    });
    const [keyId] = Object.keys(ofType(keyed, 'AWS::ApiGateway::ApiKey'));
    expect(only(keyed, 'AWS::ApiGateway::UsagePlanKey')).toMatchObject({ KeyId: { Ref: keyId }, KeyType: 'API_KEY' });
    expect(keyed.Outputs['ApiKeyId']).toMatchObject({
      Value: { Ref: keyId },
      Description: expect.stringContaining('aws apigateway get-api-key'),
    });
  });

  test('who may invoke an API with IAM is told by an output', () => {
    expect(asText(withAuthOf('iam').templates.ingest.Outputs['ApiInvokeArn']!.Value)).toMatch(
      /:execute-api:.*\/\$\{ApiRestApiDeploymentStageprod\w+\}\/\*\/streams\*$/,
    );
  });

  test('a request without a signature, or without a route, is told both where requests are signed', () => {
    const responses = Object.values(ofType(withAuthOf('iam').templates.ingest, 'AWS::ApiGateway::GatewayResponse'));
    const missing = responses.find(({ ResponseType }) => ResponseType === 'MISSING_AUTHENTICATION_TOKEN')!;
    expect(missing['StatusCode']).toBe('403');
    expect(missing['ResponseTemplates']['application/json']).toMatch(/not signed.*or its route does not exist/);
  });

  test('one that is not known is answered with those there are', () => {
    expect(() => withAuthOf('basic')).toThrow(UnknownAuthError);
    expect(() => withAuthOf('basic')).toThrow(/"basic".*none, api-key, iam/);
  });
});
