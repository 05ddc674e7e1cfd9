import { describe, expect, test } from '@jest/globals';
import { Payload } from '../../local/services/apigateway/vtl/scope.ts';
import { Template } from '../../local/services/apigateway/vtl/template.ts';
import { ofType, type Properties, synth } from '../app/synth.ts';

const { ingest } = synth().templates;
const integrations = Object.values(ofType(ingest, 'AWS::ApiGateway::Method')).map(({ Integration }) => Integration);

interface Call {
  readonly stream?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly overrides?: Map<string, string>;
}

/** Renders a template of the synthesized API as the runtime does; an override that is set twice is an error, as on AWS. */
function render(source: string, body: unknown, { stream, query = {}, overrides = new Map() }: Call = {}) {
  const text = new Template(source, 'test').render({
    payload: new Payload(typeof body === 'string' ? body : JSON.stringify(body)),
    parameters: { path: stream === undefined ? {} : { 'stream-name': stream }, querystring: query, header: {} },
    stageVariables: {},
    context: {
      get: (name) => overrides.get(name) ?? null,
      override: (name, value) => {
        if (overrides.has(name)) throw new Error(`${name} is overridden twice`);
        overrides.set(name, value);
      },
    },
  });
  return { body: JSON.parse(text) as Properties, overrides };
}

function templates(action: string) {
  const integration = integrations.find(({ Uri }) => JSON.stringify(Uri ?? '').includes(`action/${action}"`))!;
  const [response, error] = integration['IntegrationResponses'].map(
    ({ ResponseTemplates }: Properties) => ResponseTemplates['application/json'],
  );
  return { request: integration['RequestTemplates']['application/json'], response, error };
}

/** What the caller is told when Kinesis has refused what the request template made. */
function refusalOf(action: string, body: unknown, call: Call = { stream: 'streaming-demo-pin' }) {
  const { request, error } = templates(action);
  const sent = render(request, body, call);
  const answer = render(error, { __type: 'ValidationException', message: 'as Kinesis says' }, { ...call, ...sent });
  expect(answer.overrides.get('responseOverride.status')).toBe('400');
  expect(answer.body['__type']).toBe('ValidationException');
  return { sent: sent.body, message: answer.body['message'] };
}

const PIN = { stream: 'streaming-demo-pin' };

const HOSTILE = [
  `quote " and ' and \``,
  'back\\slash \\" \\u0022',
  '$input.body ${stream} #set($x = 1) #end ## not a comment *# #*',
  'line\nbreak\r\ttab',
  'NUL \u0000 and \u001f',
  'emoji 😀 and é and \u2028',
  '"}],"StreamName":"streaming-demo-geo","Records":[{"',
];

test.each([
  ['PutRecord', { Data: null, PartitionKey: 'p' }, 'Data is missing or null', {}],
  ['PutRecord', { Data: {}, PartitionKey: 5 }, 'PartitionKey is not a string', {}],
  ['PutRecords', { records: [] }, 'records is empty', { Records: [] }],
  ['PutRecords', { records: [null] }, 'records[0].data is missing or null', { Records: [{}] }],
])('%s with %j sends Kinesis what it cannot take, and tells the reason', (action, body, message, sent) => {
  expect(refusalOf(action, body)).toEqual({ message, sent: { StreamName: 'streaming-demo-pin', ...sent } });
});

test('at a refusal the records before it are followed by one that Kinesis cannot take', () => {
  const good = { data: { index: 1 }, 'partition-key': 'p' };
  const { sent, message } = refusalOf('PutRecords', { records: [good, { ...good, data: null }, good] });
  expect(message).toBe('records[1].data is missing or null');
  expect(sent['Records']).toEqual([{ PartitionKey: 'p', Data: expect.any(String) }, {}]);
});

describe('ListStreams', () => {
  const own = ['streaming-demo-geo', 'streaming-demo-pin', 'streaming-demo-user'];
  const all = [...own, 'streaming-demo-geo-dlq', 'streaming-demo-zebra'].sort();

  test.each([
    [{}, own, false],
    [{ Limit: '1' }, own.slice(0, 1), true],
    [{ Limit: '002' }, own.slice(0, 2), true],
    [{ Limit: '3' }, own, false],
    [{ Limit: '100' }, own, false],
  ])('%j gives the own streams only', (query, StreamNames, HasMoreStreams) => {
    const { request, response } = templates('ListStreams');
    expect(render(request, '', { query }).body).toEqual({ ExclusiveStartStreamName: 'streaming-demo-' });
    const answer = render(response, { StreamNames: all, HasMoreStreams: true }, { query });
    expect(answer.body).toEqual({ StreamNames, HasMoreStreams });
  });

  test.each(HOSTILE)('starts after %j', (name) => {
    const query = { ExclusiveStartStreamName: name };
    expect(render(templates('ListStreams').request, '', { query }).body).toEqual(query);
  });

  test.each(['0', '-1', 'ten', '1.5', '1 OR 1', '"'])('Limit %j is refused', (Limit) => {
    const refusal = refusalOf('ListStreams', '', { query: { Limit } });
    expect(refusal).toEqual({ message: 'Limit is not a whole number from 1 to 99999', sent: { Limit: 0 } });
  });
});

describe('errors of Kinesis', () => {
  const error = (type: string, message: string, stream = 'streaming-demo-pin') => {
    const { body, overrides } = render(templates('PutRecord').error, { __type: type, message }, { stream });
    const retryAfter = overrides.get('responseOverride.header.Retry-After');
    return {
      status: overrides.get('responseOverride.status'),
      type: body['__type'],
      message: body['message'],
      retryAfter,
    };
  };
  const tooLong = (at: string) =>
    `1 validation error detected: Value 'x' at '${at}' failed to satisfy constraint: Member must have length less than or equal to 1048576`;

  test.each([
    ['ProvisionedThroughputExceededException', 'Rate exceeded', '429', 'ThrottlingException', '1'],
    ['LimitExceededException', 'Rate exceeded', '429', 'ThrottlingException', '1'],
    ['com.amazonaws.kinesis.v20131202#ThrottlingException', 'Rate', '429', 'ThrottlingException', '1'],
    ['KMSThrottlingException', 'Rate', '429', 'ThrottlingException', '1'],
    ['InternalFailure', '', '503', 'ServiceUnavailable', '1'],
    ['ServiceUnavailable', '', '503', 'ServiceUnavailable', '1'],
    ['AccessDeniedException', 'User x is not authorized', '500', 'InternalFailure', undefined],
    ['com.amazonaws#ResourceNotFoundException', 'gone', '404', 'ResourceNotFoundException', undefined],
    ['ValidationException', tooLong('data'), '413', 'RequestTooLargeException', undefined],
    ['ValidationException', tooLong('records.1.member.data'), '413', 'RequestTooLargeException', undefined],
    ['InvalidArgumentException', 'Records size exceeds 5 MB limit', '413', 'RequestTooLargeException', undefined],
    ['ValidationException', `it's "wrong"`, '400', 'ValidationException', undefined],
    ['SerializationException', '', '400', 'SerializationException', undefined],
  ])('%s (%s) -> %s %s', (type, message, status, answered, retryAfter) => {
    expect(error(type, message)).toMatchObject({ status, type: answered, retryAfter });
  });

  test('keep the message of Kinesis where it helps', () => {
    expect(error('ValidationException', `it's "wrong"\n`).message).toBe(`it's "wrong"\n`);
    expect(error('AccessDeniedException', 'User arn:aws:sts::1:x is not authorized').message).not.toContain('arn:');
  });

  test.each(['ResourceNotFoundException', 'AccessDeniedException', 'ValidationException'])(
    '%s for a stream of another deployment is a 404 with the names there are',
    (type) => {
      for (const stream of ['streaming-0a1b2c-pin', ...HOSTILE]) {
        const answer = error(type, 'no', stream);
        expect(answer).toMatchObject({ status: '404', type: 'ResourceNotFoundException' });
        expect(answer.message).toContain('streaming-demo-geo, streaming-demo-pin, streaming-demo-user');
        expect(answer.message).toContain('-c deployment=<id>');
      }
    },
  );

  test('an answer that is no error of Kinesis is a 503', () => {
    const { body, overrides } = render(templates('PutRecord').error, '', PIN);
    expect(overrides.get('responseOverride.status')).toBe('503');
    expect(body['__type']).toBe('ServiceUnavailable');
  });
});

test('DescribeStream asks for the stream of the path', () => {
  for (const stream of HOSTILE) {
    expect(render(templates('DescribeStream').request, '', { stream }).body).toEqual({ StreamName: stream });
  }
});
