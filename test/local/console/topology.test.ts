import { describe, expect, test } from '@jest/globals';
import { CallRecorder } from '../../../local/access/recorder.ts';
import { Live } from '../../../local/console/live/live.ts';
import { RecentCount } from '../../../local/console/live/recent-count.ts';
import { TakenCounts } from '../../../local/console/live/taken-counts.ts';
import { PipelineTopology } from '../../../local/console/topology/topology.ts';
import type { MetricDataRequest, Series } from '../../../local/services/cloudwatch/types.ts';
import type { Assembly, TemplateResource } from '../../../local/template/assembly.ts';
import type { Deployment, ResourceState } from '../../../local/template/state.ts';

const target = { account: '000000000000', region: 'us-east-1' };
const arn = (service: string, rest: string) => `arn:aws:${service}:us-east-1:000000000000:${rest}`;
const roleArn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;

interface Declared {
  readonly type: string;
  readonly ref: string;
  readonly arn?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
}

const role = (name: string, ...statements: readonly object[]): Declared => ({
  type: 'AWS::IAM::Role',
  ref: name,
  arn: roleArn(name),
  properties: {
    Policies: [{ PolicyDocument: { Statement: statements.map((statement) => ({ Effect: 'Allow', ...statement })) } }],
  },
});
const stream = (name: string): Declared => ({
  type: 'AWS::Kinesis::Stream',
  ref: name,
  arn: arn('kinesis', `stream/${name}`),
});
const table = (name: string): Declared => ({
  type: 'AWS::DynamoDB::Table',
  ref: name,
  arn: arn('dynamodb', `table/${name}`),
});
const lambda = (name: string): Declared => ({
  type: 'AWS::Lambda::Function',
  ref: name,
  arn: arn('lambda', `function:${name}`),
  properties: { Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] } },
});
const mapping = (source: string, reader: string): Declared => ({
  type: 'AWS::Lambda::EventSourceMapping',
  ref: `${source} ${reader}`,
  properties: { EventSourceArn: source, FunctionName: { Ref: reader } },
});

const stacks: Readonly<Record<string, Readonly<Record<string, Declared>>>> = {
  'pinflow-demo-ingest': {
    Pin: stream('pin'),
    Geo: stream('geo'),
    Api: { type: 'AWS::ApiGateway::RestApi', ref: 'api', properties: { Name: 'door' } },
    DoorRole: role('DoorRole', { Action: 'kinesis:PutRecord', Resource: arn('kinesis', 'stream/*') }),
    Put: {
      type: 'AWS::ApiGateway::Method',
      ref: 'put',
      properties: {
        RestApiId: { Ref: 'Api' },
        Integration: { Uri: arn('apigateway', 'kinesis:action/PutRecord'), Credentials: roleArn('DoorRole') },
      },
    },
  },
  'pinflow-demo-lake': {
    Quarantine: { type: 'AWS::S3::Bucket', ref: 'quarantine' },
    Unused: { type: 'AWS::S3::Bucket', ref: 'unused' },
  },
  'pinflow-demo-speed': {
    clean: lambda('clean'),
    cleanRole: role(
      'cleanRole',
      { Action: ['dynamodb:UpdateItem', 'dynamodb:GetItem'], Resource: arn('dynamodb', 'table/posts') },
      { Action: 's3:PutObject', Resource: 'arn:aws:s3:::quarantine/speed/*' },
      { Action: 'dynamodb:GetItem', Resource: arn('dynamodb', 'table/counters') },
      { Action: 'dynamodb:ListStreams', Resource: '*' },
    ),
    posts: table('posts'),
    counters: table('counters'),
    ReadPin: mapping(arn('kinesis', 'stream/pin'), 'clean'),
    ReadGeo: mapping(arn('kinesis', 'stream/geo'), 'clean'),
    count: lambda('count'),
    countRole: role('countRole', { Action: 'dynamodb:PutItem', Resource: arn('dynamodb', 'table/counters') }),
    ReadChanges: mapping(arn('dynamodb', 'table/posts/stream/2026'), 'count'),
  },
};

const assembly: Assembly = {
  directory: '',
  assets: new Map(),
  stacks: Object.entries(stacks).map(([name, resources]) => ({
    name,
    tags: {},
    paths: new Map(),
    template: {
      Resources: Object.fromEntries(
        Object.entries(resources).map(([id, { type, properties = {} }]): [string, TemplateResource] => [
          id,
          { Type: type, Properties: properties },
        ]),
      ),
    },
  })),
};

const deployment: Deployment = Object.fromEntries(
  Object.entries(stacks).map(([name, resources]) => [
    name,
    {
      id: name,
      tags: {},
      createdAt: '',
      updatedAt: '',
      outputs: {},
      resources: Object.fromEntries(
        Object.entries(resources).map(([id, { type, ref, arn }]): [string, ResourceState] => [
          id,
          {
            type,
            ref,
            path: id,
            attributes: arn ? { Arn: arn } : {},
            properties: '',
            deletionPolicy: 'Delete',
            updatedAt: '',
          },
        ]),
      ),
    },
  ]),
);

const pipeline = new PipelineTopology(assembly, deployment, target);
const { capabilities, nodes, edges } = pipeline.topology;
const named = new Map(nodes.map(({ id, members }) => [id, members.map(({ name }) => name).join('+')]));
const edgeOf = (from: string, to: string) =>
  edges.find((edge) => named.get(edge.from) === from && named.get(edge.to) === to)!.id;

describe('the picture of the pipeline', () => {
  test('capabilities come in the order of the data', () => {
    expect(capabilities).toEqual(['ingest', 'lake', 'speed']);
  });

  test('what stands in the same place is one box; what nothing is linked to is none', () => {
    expect([...named.values()].sort()).toEqual([
      'clean',
      'count',
      'counters',
      'door',
      'pin+geo',
      'posts',
      'quarantine',
    ]);
  });

  test('arrows are what mappings, integrations and policies say', () => {
    const told = edges.map(({ from, to, how }) => `${named.get(from)} ${how} ${named.get(to)}`).sort();
    expect(told).toEqual([
      'clean writes posts',
      'clean writes quarantine',
      'count writes counters',
      'counters asks clean',
      'door writes pin+geo',
      'pin+geo reads clean',
      'posts asks clean',
      'posts reads count',
    ]);
  });
});

test('a rate is the same wherever in a second it is asked for', () => {
  const recent = new RecentCount();
  for (let ms = 0; ms < 30_000; ms += 100) {
    recent.add(1, ms);
    if (ms > 15_000) expect(Math.abs(recent.rate(ms) - 10)).toBeLessThan(0.2);
  }
});

describe('what moves', () => {
  const now = 1_795_269_605_000;
  const calls = new CallRecorder();
  const series = new Map<string, readonly number[]>();
  const metricData = ({ queries, to }: MetricDataRequest): Series[] =>
    queries.map(({ id, label = id, stat }) => {
      const values = series.get(`${stat!.name} ${Object.values(stat!.dimensions).join(' ')}`) ?? [];
      return { id, label, periodSeconds: 10, values, timestamps: values.map(() => to - 5_000) };
    });
  const taken = new TakenCounts(now);
  const live = new Live({ metrics: { metricData }, calls, taken }, pipeline, () => ({}));

  test('a role’s calls are the rate of its arrow, and of no other', () => {
    const call = { time: now, service: 'dynamodb', allowed: true } as const;
    for (let n = 0; n < 20; n++) {
      calls.record({
        ...call,
        action: 'dynamodb:UpdateItem',
        resource: arn('dynamodb', 'table/posts'),
        role: roleArn('cleanRole'),
      });
    }
    calls.record({
      ...call,
      action: 's3:PutObject',
      resource: 'arn:aws:s3:::quarantine/speed/a.json',
      role: roleArn('cleanRole'),
      allowed: false,
    });
    series.set('IncomingRecords pin', [30]);
    series.set('IncomingRecords geo', [15]);
    series.set('IteratorAge clean', [90_000]);
    series.set('Errors count', [2]);
    for (const [functionName, sourceArn, records] of [
      ['clean', arn('kinesis', 'stream/pin'), 20],
      ['clean', arn('kinesis', 'stream/geo'), 5],
      ['count', arn('dynamodb', 'table/posts/stream/today'), 7],
      ['archive', arn('kinesis', 'stream/pin'), 90],
    ] as const) {
      taken.see({ functionName, sourceArn, arrivals: Array.from({ length: records }, () => now) }, now);
    }
    const state = live.state(now).edges;
    expect(state[edgeOf('clean', 'posts')]).toMatchObject({ rate: 2, unit: 'calls', health: 'ok' });
    expect(state[edgeOf('clean', 'quarantine')]).toMatchObject({ rate: 0, health: 'quiet' });
    expect(state[edgeOf('door', 'pin+geo')]).toMatchObject({ rate: 3, unit: 'records', health: 'ok' });
    expect(state[edgeOf('pin+geo', 'clean')]).toMatchObject({
      rate: 2.5,
      unit: 'records',
      lag: 90_000,
      health: 'late',
    });
    expect(state[edgeOf('posts', 'count')]).toMatchObject({ rate: 0.7, errors: 2, health: 'failing' });
  });

  test('how late a function reads is told of what it reads, and not of what it looks up', () => {
    series.set('IteratorAge clean', [90_000]);
    expect(live.state(now + 2_000).edges[edgeOf('counters', 'clean')]).toMatchObject({ lag: null, health: 'quiet' });
  });

  test('calls are forgotten', () => {
    expect(live.state(now + 60_000).edges[edgeOf('clean', 'posts')]).toMatchObject({ rate: 0 });
  });
});
