import { gzipSync } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeployedNames } from '../../cli/accounting/deployed-names.ts';
import { clientsAt } from '../../cli/aws.ts';
import { demonstrateBatch } from '../../cli/demonstration/batch.ts';
import { rawKey, rawLine } from '../../model/raw-line.ts';

const s3 = mockClient(S3Client);
const states = mockClient(SFNClient);
const dynamodb = mockClient(DynamoDBDocumentClient);

const arrivalMs = Date.UTC(2025, 10, 20, 12);
const record = { source: 'kafka' as const, topic: 'demo.pin', partition: '0', offset: '0' };
const coordinate = 'kafka/demo.pin/0/0';
const names = {
  quarantineBucket: 'quarantine',
  batch: { rawBucket: 'raw', machineArn: 'machine', runsTable: 'runs', settlingSeconds: 3 },
} as unknown as DeployedNames;

const counts = { records: 1, rows_in: 1, applied: 1, duplicate: 0, superseded: 0, quarantined: 0, late: 0 };
const none = { ...counts, records: 0, rows_in: 0, applied: 0 };
const changed = (watermark: number, pin = counts) => ({
  outcome: 'changed',
  plan: { runId: 'run', from: '2026-11-20', to: '2026-11-20', watermark: String(watermark) },
  summary: { feeds: { pin, geo: none, user: none } },
});

/** Each start of the machine ends with the next of these outputs; a text is the cause of a failure. */
function runsEnd(...outputs: readonly (object | string)[]): void {
  const started = () => states.commandCalls(StartExecutionCommand).length;
  states.on(StartExecutionCommand).callsFake(() => ({ executionArn: 'run' }));
  states.on(DescribeExecutionCommand).callsFake(() => {
    const output = outputs[started() - 1]!;
    return typeof output === 'string'
      ? { status: 'FAILED', error: 'States.TaskFailed', cause: output }
      : { status: 'SUCCEEDED', output: JSON.stringify(output) };
  });
}

beforeEach(() => {
  for (const mock of [s3, states, dynamodb]) mock.reset();
  const value = Buffer.from('{"index":1}');
  const raw = { ...record, arrivalMs, key: null, value };
  const Key = rawKey('pin', raw);
  s3.on(ListObjectsV2Command).callsFake(({ Bucket, Prefix }: { Bucket: string; Prefix: string }) => ({
    Contents: Bucket === 'raw' && Key.startsWith(Prefix) ? [{ Key, Size: 1 }] : [],
  }));
  const Body = { transformToByteArray: async () => gzipSync(`${rawLine(raw)}\n`) };
  s3.on(GetObjectCommand).resolves({ Body } as unknown as GetObjectCommandOutput);
  states.on(GetExecutionHistoryCommand).resolves({ events: [] });
  dynamodb.onAnyCommand().resolves({});
});

async function demonstrated(taken: readonly string[] = [coordinate]) {
  const onLanded = jest.fn();
  const shown = await demonstrateBatch({
    clients: clientsAt('http://127.0.0.1:1'),
    names,
    taken: { pin: new Set(taken), geo: new Set(), user: new Set() },
    onLanded,
    onStep: () => {},
    stop: new AbortController().signal,
  });
  expect(onLanded).toHaveBeenCalledTimes(1);
  return { ...shown, starts: states.commandCalls(StartExecutionCommand).length };
}

test('a run that covers what has landed, and whose rows add up, is without fault', async () => {
  runsEnd(changed(arrivalMs + 1_000));
  expect(await demonstrated()).toMatchObject({ faults: [], run: { outcome: 'changed' }, starts: 1 });
});

test('a run that fails is told with its cause', async () => {
  runsEnd('The job has failed.');
  const { faults, starts } = await demonstrated();
  expect({ faults, starts }).toEqual({
    faults: ['The batch run has failed: States.TaskFailed: The job has failed.'],
    starts: 1,
  });
});

test('while another run is under way, or when a run leaves a record to the next, one more is started', async () => {
  runsEnd({ outcome: 'overlap' }, changed(arrivalMs), changed(arrivalMs + 1_000));
  expect(await demonstrated()).toMatchObject({ faults: [], starts: 3 });
});

test('rows that a run has lost are a fault', async () => {
  runsEnd(changed(arrivalMs + 1_000, { ...counts, applied: 0 }));
  expect((await demonstrated()).faults).toEqual(['pin: the batch read 1 rows, which have 0 ends.']);
});

test('an accepted record that does not land is a fault', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    runsEnd(changed(arrivalMs + 1_000));
    const shown = demonstrated([coordinate, 'kafka/demo.pin/0/1']);
    jest.setSystemTime(Date.now() + 240_000);
    await jest.advanceTimersByTimeAsync(240_000);
    expect((await shown).faults).toEqual(['pin: 1 accepted records are not in raw, kafka/demo.pin/0/1 first.']);
  } finally {
    jest.useRealTimers();
  }
});
