import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterEach, expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { DeployedNames } from '../../cli/accounting/deployed-names.ts';
import { readArguments } from '../../cli/arguments.ts';
import { clientsAt } from '../../cli/aws.ts';
import { backfillPosts, objectsToBackfill } from '../../cli/backfill/posts.ts';
import { backfilledTable, changedLine } from '../../cli/backfill/print.ts';
import backfill from '../../cli/backfill.ts';
import { dateRange, datesOf } from '../../cli/batch/range.ts';
import type { BackfillEvent, BackfillResult } from '../../model/backfill.ts';

const lambda = mockClient(LambdaClient);
const s3 = mockClient(S3Client);
const clients = clientsAt('http://127.0.0.1:1');
afterEach(() => {
  lambda.reset();
  s3.reset();
});

const topics = { pin: 'demo.pin', geo: 'demo.geo', user: 'demo.user' };
const names: DeployedNames = {
  streams: { pin: 'streaming-demo-pin', geo: 'streaming-demo-geo', user: 'streaming-demo-user' },
  postsTable: 'posts',
  countersTable: 'counters',
  quarantineBucket: 'quarantine',
  cleanFunction: 'clean',
  redriveFunction: 'redrive',
  batch: {
    topics,
    rawBucket: 'raw',
    workgroup: 'pinflow-demo',
    database: 'pinflow_demo',
    machineArn: 'arn',
    refereeFunction: 'referee',
    settlingSeconds: 3,
    runsTable: 'runs',
    backfillFunction: 'backfill',
  },
};

const now = new Date('2026-11-21T12:00:00Z');

test.each([
  ['2026-11-20', '2026-11-21', ['2026-11-20', '2026-11-21']],
  ['2026-11-20', undefined, ['2026-11-20', '2026-11-21']],
  ['2024-02-28', '2024-03-01', ['2024-02-28', '2024-02-29', '2024-03-01']],
])('the dates from %s to %s', (from, to, dates) => {
  expect([...datesOf(dateRange(from, to, now))]).toEqual(dates);
});

test.each([
  ['2026-11-31', undefined, '--from is "2026-11-31": give a date as YYYY-MM-DD.'],
  ['yesterday', undefined, '--from is "yesterday"'],
  ['2026-11-01', '2026-1-2', '--to is "2026-1-2"'],
  ['2026-11-21', '2026-11-20', '--from 2026-11-21 is after --to 2026-11-20.'],
  ['2026-11-22', undefined, '--from 2026-11-22 is after --to 2026-11-21.'],
])('from %s to %s is told wrong', (from, to, told) => {
  expect(() => dateRange(from, to, now)).toThrow(told);
});

test('without a first date nothing is done', async () => {
  await expect(backfill.run(readArguments(backfill.line, []))).rejects.toThrow(
    'Say from which date on: npm run backfill -- --from',
  );
});

/** @param keys of raw */
function rawHolds(...keys: readonly string[]): void {
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }) => ({
    Contents: keys.filter((key) => key.startsWith(Prefix)).map((Key) => ({ Key, Size: 1 })),
  }));
}

test('objects of the dates are taken whose stream or topic feeds the speed layer', async () => {
  const key = (feed: string, date: string, source: string) =>
    `raw/${feed}/dt=${date}/${source}+0+00000000000000000007.jsonl.gz`;
  const [stream, topic] = [key('pin', '2026-11-20', 'streaming-demo-pin'), key('geo', '2026-11-21', 'demo.geo')];
  rawHolds(stream, topic, key('pin', '2026-11-19', 'streaming-demo-pin'), key('pin', '2026-11-22', 'demo.pin'));
  const range = { from: '2026-11-20', to: '2026-11-21' };
  const keys = async (of: DeployedNames) => (await objectsToBackfill(clients, of, range)).map((object) => object.key);
  expect(await keys(names)).toEqual([stream]);
  expect(await keys({ ...names, speedTopics: topics })).toEqual([topic, stream]);
});

const objects = ['raw/geo/a', 'raw/pin/b', 'raw/user/c'].map((key) => ({ key, bytes: 1, writtenAt: 0 }));
const rows = { applied: 2, changed: 1, duplicate: 1, superseded: 0, quarantined: 1 };

/** @param answer undefined: the function fails */
function functionAnswers(answer: (event: BackfillEvent) => Omit<BackfillResult, 'feed' | 'rows'> | undefined): void {
  lambda.on(InvokeCommand, { FunctionName: 'backfill' }).callsFake(({ Payload }) => {
    const event = JSON.parse(Buffer.from(Payload).toString()) as BackfillEvent;
    const answered = answer(event);
    const payload =
      answered === undefined
        ? { errorType: 'GaveUpError', errorMessage: 'no time' }
        : { ...answered, feed: event.key.split('/')[1], rows };
    return {
      Payload: { transformToString: () => JSON.stringify(payload) },
      ...(answered === undefined && { FunctionError: 'Unhandled' }),
    };
  });
}

test('an object is gone on with until it is done, and what became of its rows is summed up', async () => {
  functionAnswers(({ from }) => ({ done: Math.min(8, from + 5), lines: 8 }));
  const told: number[] = [];
  const done = await backfillPosts(clients, 'backfill', objects, {
    stop: new AbortController().signal,
    onProgress: (count) => told.push(count),
  });
  const twice = { objects: 1, records: 8, applied: 4, changed: 2, duplicate: 2, superseded: 0, quarantined: 2 };
  expect(done).toEqual({ feeds: { pin: twice, geo: twice, user: twice }, failures: [], through: 'raw/user/c' });
  expect(told).toEqual([1, 2, 3]);
  expect(backfilledTable(done)).toContain('of these changed');
  expect(changedLine(done, 1)).toBe('  6 rows of the posts table changed; 1 row left quarantine.');
});

test('a failure is told by its object, and what is done in front of it', async () => {
  functionAnswers(({ key }) => (key === 'raw/pin/b' ? undefined : { done: 1, lines: 1 }));
  const done = await backfillPosts(clients, 'backfill', objects, { stop: new AbortController().signal });
  expect(done.failures).toEqual([{ key: 'raw/pin/b', reason: 'backfill failed: GaveUpError: no time' }]);
  expect(done).toMatchObject({ through: 'raw/geo/a', feeds: { user: { objects: 1 } } });
});

test('nothing is begun after a stop', async () => {
  functionAnswers(() => ({ done: 1, lines: 1 }));
  const done = await backfillPosts(clients, 'backfill', objects, { stop: AbortSignal.abort() });
  expect(done.through).toBeUndefined();
  expect(lambda.commandCalls(InvokeCommand)).toEqual([]);
  expect(changedLine(done, 0)).toBe('  No row of the posts table changed.');
});
