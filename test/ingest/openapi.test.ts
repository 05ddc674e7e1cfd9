import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { NoRestApiError, openApiOf } from '../../local/services/apigateway/openapi.ts';
import { OPENAPI_PATH } from '../../local/services/apigateway/service.ts';
import { exampleRows } from '../../model/compile/wire-schemas.ts';
import { feeds } from '../../model/feeds/index.ts';
import { cleanRow } from '../../model/rules/clean-row.ts';
import { feedNames } from '../../model/rules/rule.ts';
import { answerHeaders, errors, parameters, routes } from '../../model/serving/query-api.ts';
import { type Properties, synth } from '../app/synth.ts';
import { Door } from './door.ts';

const VALIDATOR = join(__dirname, '../../node_modules/@seriousme/openapi-schema-validator/bin/validate-api-cli.js');

function documentOf(profile: string, auth = 'none'): Properties {
  const { ingest, lake } = synth(profile, {}, 'demo', auth).templates;
  const stacks = [lake, ingest].map((template) => ({ name: 'any', template, tags: {}, paths: new Map() }));
  return openApiOf({ directory: 'cdk.out', stacks, assets: new Map() }, 'https://example.com/prod');
}

const operations = ({ paths }: Properties): [string, Properties][] =>
  Object.entries(paths as Properties).flatMap(([path, methods]) =>
    Object.entries(methods as Properties).map(([verb, operation]): [string, Properties] => [
      `${verb.toUpperCase()} ${path}`,
      operation,
    ]),
  );

test.each([
  ['laptop', 'none'],
  ['dev', 'api-key'],
  ['dev', 'iam'],
])(
  'the document of profile %s with auth %s is valid OpenAPI 3.1',
  async (profile, auth) => {
    const folder = mkdtempSync(join(tmpdir(), 'pinflow-openapi-'));
    const file = join(folder, 'openapi.json');
    const document = documentOf(profile, auth);
    writeFileSync(file, JSON.stringify(document));
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [VALIDATOR, file]);
      expect([document['openapi'], stdout]).toEqual(['3.1.0', expect.stringMatching(/"valid": true/)]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  240_000,
);

test('it has the routes of the profile', () => {
  const routes = operations(documentOf('dev')).map(([route]) => route);
  expect([...routes].sort()).toEqual([
    'DELETE /consumers/{proxy}',
    'GET /consumers/{proxy}',
    'GET /metrics',
    'GET /metrics/{metric-name}',
    'GET /questions',
    'GET /questions/{question-name}',
    'GET /streams',
    'GET /streams/{stream-name}',
    'GET /topics',
    'GET /topics/{topic-name}',
    'POST /consumers/{proxy}',
    'POST /geo',
    'POST /pin',
    'POST /streams/{stream-name}/record',
    'POST /streams/{stream-name}/records',
    'POST /topics/{topic-name}',
    'POST /user',
    'PUT /streams/{stream-name}/record',
    'PUT /streams/{stream-name}/records',
  ]);
  const more = operations(documentOf('laptop')).map(([route]) => route);
  expect(more.filter((route) => !routes.includes(route)).sort()).toEqual([
    'DELETE /streams/{stream-name}',
    'POST /streams/{stream-name}',
  ]);
  const idsOf = (profile: string) => operations(documentOf(profile)).map(([, { operationId }]) => operationId);
  expect([new Set(idsOf('laptop')).size, new Set(idsOf('dev')).size]).toEqual([21, 19]);
});

test.each([
  ['none', [], []],
  ['api-key', [{ apiKey: [] }], ['403', '429']],
  ['iam', [{ sigv4: [] }], ['403']],
])('auth %s is told with its errors', (auth, security, statuses) => {
  for (const [, operation] of operations(documentOf('dev', auth))) {
    expect(operation['security']).toEqual(security);
    expect(Object.keys(operation['responses'])).toEqual(expect.arrayContaining(statuses));
    expect('403' in operation['responses']).toBe(statuses.includes('403'));
  }
});

test('query and path parameters are those of the methods', () => {
  const document = documentOf('dev');
  const named = (path: string, verb: string) =>
    document['paths'][path][verb].parameters.map(({ name, in: where, required }: Properties) => [
      name,
      where,
      required,
    ]);
  expect(named('/streams', 'get').sort()).toEqual([
    ['ExclusiveStartStreamName', 'query', false],
    ['Limit', 'query', false],
  ]);
  expect(named('/streams/{stream-name}/record', 'put')).toEqual([['stream-name', 'path', true]]);
});

test('routes of answers have the parameters, headers and errors of the function behind them', () => {
  const document = documentOf('dev');
  for (const [path, route] of Object.entries(routes)) {
    const { get } = document['paths'][path];
    const inQuery = get.parameters.filter((parameter: Properties) => parameter['in'] === 'query');
    expect(inQuery).toEqual(
      route.parameters.map((name) => ({
        name,
        in: 'query',
        required: false,
        description: parameters[name].describe,
        schema: parameters[name].schema,
      })),
    );
    const statuses = route.errors.map((name) => String(errors[name].status));
    expect(Object.keys(get.responses).sort()).toEqual(['200', '304', '429', ...statuses].sort());
    const headers = path.endsWith('}') ? Object.keys(answerHeaders) : ['ETag'];
    for (const status of ['200', '304']) expect(Object.keys(get.responses[status].headers)).toEqual(headers);
  }
  const members = Object.values(errors).flatMap((error): readonly string[] => error.members);
  const { properties } = document['components'].schemas.Error;
  expect(Object.keys(properties)).toEqual(expect.arrayContaining(members));
});

test('assemblies without an API are refused', () => {
  expect(() => openApiOf({ directory: 'cdk.out', stacks: [], assets: new Map() }, 'x')).toThrow(NoRestApiError);
});

test.each(feedNames)('the example of %s is a clean row', (feed) => {
  expect(cleanRow(feeds[feed], exampleRows[feed])).toMatchObject({ ok: true, ind: 7528, extra: [] });
});

describe('what the door does is what the document says', () => {
  let door: Door;
  let document: Properties;
  beforeAll(async () => {
    door = await Door.open();
    door.gateway.describe((url) =>
      openApiOf(
        {
          directory: '',
          stacks: [{ name: '', template: door.template, tags: {}, paths: new Map() }],
          assets: new Map(),
        },
        url,
      ),
    );
    document = (await door.send('GET', OPENAPI_PATH)).json;
  }, 180_000);
  afterAll(() => door.close());

  const expectDocumented = (route: string, status: number, json: unknown) => {
    const [verb, path] = route.split(' ') as [string, string];
    const response = document['paths'][path][verb.toLowerCase()].responses[status];
    expect([route, status, response]).toEqual([route, status, expect.any(Object)]);
    const ajv = new Ajv2020({ strict: false });
    const schema = { ...response.content['application/json'].schema, components: document['components'] };
    expect([ajv.validate(schema, json), ajv.errors]).toEqual([true, null]);
  };

  test('it is served with the URL of the stage and open to every origin', async () => {
    const reply = await door.send('GET', OPENAPI_PATH);
    expect([reply.status, reply.headers['access-control-allow-origin']]).toEqual([200, '*']);
    expect(reply.json.servers).toEqual([{ url: `${door.gateway.url}/prod` }]);
  });

  test('every example of a body is taken', async () => {
    const examples = operations(document).flatMap(([route, { requestBody }]) =>
      Object.entries((requestBody?.content['application/json'].examples ?? {}) as Properties).map(
        ([feed, { value }]) => [route, feed, value] as const,
      ),
    );
    expect(examples).toHaveLength(12);
    for (const [route, feed, body] of examples) {
      const [verb, path] = route.split(' ') as [string, string];
      const reply = await door.send(verb, path.replace('{stream-name}', `streaming-demo-${feed}`), { body });
      expect([route, feed, reply.status]).toEqual([route, feed, 200]);
      expectDocumented(route, 200, reply.json);
    }
  });

  test.each<[string, string, unknown, number]>([
    ['GET /streams', '', undefined, 200],
    ['GET /streams', '?Limit=x', undefined, 400],
    ['GET /streams/{stream-name}', 'streaming-demo-pin', undefined, 200],
    ['GET /streams/{stream-name}', 'none', undefined, 404],
    ['POST /streams/{stream-name}', 'streaming-x-pin', undefined, 200],
    ['POST /streams/{stream-name}', 'streaming-x-pin', undefined, 409],
    ['POST /streams/{stream-name}', 'streaming-demo-pin', undefined, 403],
    ['DELETE /streams/{stream-name}', 'streaming-x-pin', undefined, 200],
    ['PUT /streams/{stream-name}/record', 'streaming-demo-pin', {}, 400],
    ['PUT /streams/{stream-name}/record', 'none', { Data: 1, PartitionKey: 'k' }, 404],
    ['PUT /streams/{stream-name}/record', 'streaming-demo-pin', { Data: 'x'.repeat(2 ** 20), PartitionKey: 'k' }, 413],
    ['PUT /streams/{stream-name}/records', 'streaming-demo-pin', { records: [{ data: 1 }] }, 400],
  ])('%s %s', async (route, name, body, status) => {
    const [verb, path] = route.split(' ') as [string, string];
    const to = path.includes('{') ? path.replace('{stream-name}', name) : path + name;
    const reply = await door.send(verb, to, { body });
    expect([reply.status, reply.text]).toEqual([status, expect.any(String)]);
    expectDocumented(route, status, reply.json);
  });
});
