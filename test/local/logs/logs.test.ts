import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { dataPointsOf } from '../../../local/services/cloudwatch/emf.ts';
import type { Observation } from '../../../local/services/cloudwatch/types.ts';
import { filterOf } from '../../../local/services/logs/filter-pattern.ts';
import { LogsService } from '../../../local/services/logs/service.ts';

const GROUP = '/pinflow/demo/clean';
let directory: string;
let logs: LogsService;
let measured: Observation[];

const open = () =>
  new LogsService({
    file: join(directory, 'logs.sqlite'),
    account: '000000000000',
    region: 'us-east-1',
    metrics: { put: (observation) => void measured.push(observation) },
  });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pinflow-'));
  measured = [];
  logs = open();
  logs.store.putGroup(GROUP, 7);
});

afterEach(() => {
  logs.close();
  rmSync(directory, { recursive: true });
});

async function messages(operation: string, input: Record<string, unknown>): Promise<string[]> {
  const { events } = await logs.call(operation, { logGroupName: GROUP, ...input });
  return (events as { message: string }[]).map(({ message }) => message);
}

const emf = (values: unknown, time = 1_700_000_000_000) =>
  JSON.stringify({
    _aws: {
      Timestamp: time,
      CloudWatchMetrics: [
        { Namespace: 'Pinflow', Dimensions: [['service', 'feed']], Metrics: [{ Name: 'Applied', Unit: 'Count' }] },
      ],
    },
    service: 'clean',
    feed: 'pin',
    Applied: values,
  });

test('a line that comes after the end is lost, and nobody fails of it', () => {
  logs.close();
  logs.write(GROUP, 'late', 'line');
  logs = open();
  expect(logs.store.streams(GROUP)).toEqual([]);
});

test('events survive a restart and are read from either end, page by page', async () => {
  logs.store.putStream(GROUP, 'a');
  for (let i = 1; i <= 5; i += 1) logs.write(GROUP, 'a', `line ${i}`);
  logs.close();
  logs = open();
  expect(await messages('GetLogEvents', { logStreamName: 'a', limit: 2 })).toEqual(['line 4', 'line 5']);
  const head = { logGroupName: GROUP, logStreamName: 'a', limit: 2, startFromHead: true };
  const first = await logs.call('GetLogEvents', head);
  expect(first['events']).toMatchObject([{ message: 'line 1' }, { message: 'line 2' }]);
  const second = await logs.call('GetLogEvents', { ...head, nextToken: first['nextForwardToken'] });
  expect(second['events']).toMatchObject([{ message: 'line 3' }, { message: 'line 4' }]);
});

test('events are filtered by time, stream and terms', async () => {
  for (const stream of ['a', 'b']) logs.store.putStream(GROUP, stream);
  logs.write(GROUP, 'a', 'ERROR disk', 1);
  logs.write(GROUP, 'b', 'ERROR net', 2);
  logs.write(GROUP, 'b', 'INFO net', 3);
  expect(await messages('FilterLogEvents', { filterPattern: 'ERROR' })).toEqual(['ERROR disk', 'ERROR net']);
  expect(await messages('FilterLogEvents', { logStreamNames: ['b'], startTime: 3 })).toEqual(['INFO net']);
  expect(await messages('FilterLogEvents', { limit: 1 })).toEqual(['ERROR disk']);
});

test('groups and streams are described, and put as clients do', async () => {
  await logs.call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'a' });
  await logs.call('PutLogEvents', {
    logGroupName: GROUP,
    logStreamName: 'a',
    logEvents: [{ timestamp: 5, message: 'x' }],
  });
  expect(await logs.call('DescribeLogGroups', { logGroupNamePrefix: '/pinflow/' })).toMatchObject({
    logGroups: [{ logGroupName: GROUP, retentionInDays: 7 }],
  });
  expect(await logs.call('DescribeLogStreams', { logGroupName: GROUP })).toMatchObject({
    logStreams: [{ logStreamName: 'a', firstEventTimestamp: 5, lastEventTimestamp: 5 }],
  });
  await expect(logs.call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'a' })).rejects.toMatchObject({
    code: 'ResourceAlreadyExistsException',
  });
  await expect(logs.call('StartQuery', {})).rejects.toThrow('StartQuery');
});

test('what is older than the retention goes', async () => {
  const day = 86_400_000;
  logs.write(GROUP, 'a', 'old', 1 * day);
  logs.write(GROUP, 'a', 'new', 9 * day);
  logs.store.trim(10 * day);
  expect(await messages('GetLogEvents', { logStreamName: 'a' })).toEqual(['new']);
});

test('a line in the embedded metric format is told as an observation', () => {
  logs.write(GROUP, 'a', emf([1, 2]));
  expect(measured).toEqual([
    {
      namespace: 'Pinflow',
      name: 'Applied',
      dimensions: { feed: 'pin', service: 'clean' },
      unit: 'Count',
      value: [1, 2],
      time: 1_700_000_000_000,
    },
  ]);
});

describe('embedded metric format', () => {
  test.each([
    ['plain text', 'hello', 0],
    ['broken JSON', '{"_aws": ', 0],
    ['no time', '{"_aws": {}}', 0],
    ['a value that is no number', emf('x'), 0],
    ['one value', emf(3), 1],
  ])('%s', (_, line, points) => {
    expect(dataPointsOf(line)).toHaveLength(points);
  });
});

describe('filter patterns', () => {
  test.each([
    ['', 'anything', true],
    ['a b', 'b then a', true],
    ['a b', 'a', false],
    ['"a b"', 'a b', true],
    ['"a b"', 'a  b', false],
    ['a -b', 'a b', false],
    ['?x ?y', 'y', true],
    ['?x ?y', 'z', false],
    ['{ $.status = "5*" }', '{"status":"503"}', true],
    ['{ $.status = "5*" }', '{"status":"250"}', false],
    ['{ $.status = "5*" }', 'status 503', false],
    ['{ $.latencyMs = %^[0-9]{4}% }', '{"latencyMs":"2041"}', true],
    ['{ $.latencyMs = %^[0-9]{4}% }', '{"latencyMs":"41"}', false],
  ])('%s on %s', (pattern, message, matches) => {
    expect(filterOf(pattern)(message)).toBe(matches);
  });

  test('others are refused', () => {
    expect(() => filterOf('{ $.status >= 500 }')).toThrow('is not supported here');
    expect(() => filterOf('{ $.status = %(% }')).toThrow('Invalid regular expression');
  });
});
