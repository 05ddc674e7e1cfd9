import { gunzipSync } from 'node:zlib';
import { HeadObjectCommand, PutObjectCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Context, KinesisStreamEvent } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';

process.env['RAW_BUCKET'] = 'raw';
process.env['FEED_BY_SOURCE'] = '{"streaming-demo-pin":"pin","streaming-demo-geo":"geo"}';
process.env['POWERTOOLS_METRICS_NAMESPACE'] = 'Pinflow';
process.env['AWS_REGION'] = 'us-east-1';

interface Stored {
  readonly lines: readonly string[];
  readonly metadata: Record<string, string>;
}

const s3 = mockClient(S3Client);
const printed: string[] = [];
const stored = new Map<string, Stored>();
/** Thrown by the next calls, before or after they take effect. */
let faults: { readonly when: 'before' | 'after'; readonly error: Error }[] = [];
const handler = async (event: KinesisStreamEvent) =>
  (await import('../../lambda/speed/archive/index.ts')).handler(event, {
    getRemainingTimeInMillis: () => 30_000,
  } as Context);

beforeEach(() => {
  stored.clear();
  faults = [];
  s3.reset();
  s3.on(PutObjectCommand).callsFake(({ Bucket, Key, IfNoneMatch, Body, Metadata }) => {
    expect([Bucket, IfNoneMatch]).toEqual(['raw', '*']);
    return faulty(() => {
      if (stored.has(Key)) throw answer('PreconditionFailed', 412);
      stored.set(Key, { lines: gunzipSync(Body).toString().trimEnd().split('\n'), metadata: Metadata });
      return {};
    });
  });
  s3.on(HeadObjectCommand).callsFake(({ Key }) =>
    faulty(() => {
      const found = stored.get(Key);
      if (found === undefined) throw answer('NotFound', 404);
      return { Metadata: found.metadata };
    }),
  );
  printed.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((chunk) => printed.push(String(chunk)) > 0);
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

function faulty<T>(operation: () => T): T {
  const fault = faults.shift();
  if (fault?.when === 'before') throw fault.error;
  const answered = operation();
  if (fault) throw fault.error;
  return answered;
}

const answer = (name: string, status: number) =>
  new S3ServiceException({ name, $fault: 'client', $metadata: { httpStatusCode: status } });

const noon = Date.parse('2026-01-02T12:00:00Z');

function eventOf(
  offsets: readonly number[],
  more: { stream?: string; shard?: number; at?: (offset: number) => number } = {},
) {
  const { stream = 'streaming-demo-geo', shard = 0, at = () => noon } = more;
  return {
    Records: offsets.map((offset) => ({
      eventID: `shardId-00000000000${shard}:${offset}`,
      eventSourceARN: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
      kinesis: {
        approximateArrivalTimestamp: at(offset) / 1000,
        data: Buffer.from(`{"ind":${offset}}`).toString('base64'),
        partitionKey: 'p',
        sequenceNumber: String(offset),
      },
    })),
  } as unknown as KinesisStreamEvent;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const keyOf = (offset: number, date = '2026-01-02', shard = 0) =>
  `raw/geo/dt=${date}/streaming-demo-geo+shardId-00000000000${shard}+${String(offset).padStart(56, '0')}.jsonl.gz`;
const done = { batchItemFailures: [] };

describe('a batch', () => {
  test('is an object named after its first record, one line a record', async () => {
    expect(await handler(eventOf([100, 101]))).toEqual(done);
    const place = '{"source":"kinesis","topic":"streaming-demo-geo","partition":"shardId-000000000000"';
    expect([...stored]).toEqual([
      [
        keyOf(100),
        {
          lines: [100, 101].map(
            (offset) => `${place},"offset":"${offset}","timestamp":${noon},"key":"p","value":{"ind":${offset}}}`,
          ),
          metadata: { 'last-offset': '101', records: '2' },
        },
      ],
    ]);
  });

  test('is cut where the date of arrival changes, also back', async () => {
    const midnight = Date.parse('2026-01-03T00:00:00Z');
    const times = [midnight - 2, midnight - 1, midnight, midnight - 1];
    await handler(eventOf(range(0, 4), { at: (offset) => times[offset]! }));
    expect([...stored.keys()]).toEqual([keyOf(0), keyOf(2, '2026-01-03'), keyOf(3)]);
  });

  test('of several shards is objects by shard', async () => {
    const records = [eventOf([1]), eventOf([2], { shard: 1 }), eventOf([3])].flatMap(({ Records }) => Records);
    await handler({ Records: records });
    expect([...stored.keys()]).toEqual([keyOf(1), keyOf(2, '2026-01-02', 1)]);
  });

  test('that comes again changes nothing; longer, it goes on after its object', async () => {
    await handler(eventOf(range(100, 110)));
    await handler(eventOf(range(100, 110)));
    expect([...stored.keys()]).toEqual([keyOf(100)]);
    await handler(eventOf(range(100, 115)));
    expect([...stored.keys()]).toEqual([keyOf(100), keyOf(110)]);
    expect(stored.get(keyOf(110))!.metadata).toEqual({ 'last-offset': '114', records: '5' });
  });

  test('is measured by what it created, with feed and function as the only dimensions', async () => {
    await handler({ Records: [...eventOf([1, 2]).Records, ...eventOf([3], { stream: 'streaming-demo-pin' }).Records] });
    await handler(eventOf(range(1, 6)));
    await handler(eventOf(range(1, 6)));
    const lines = printed.filter((line) => line.includes('CloudWatchMetrics')).map((line) => JSON.parse(line));
    expect(lines.map(({ feed, RecordsLanded, ObjectsWritten }) => [feed, RecordsLanded, ObjectsWritten])).toEqual([
      ['geo', 2, 1],
      ['pin', 1, 1],
      ['geo', 3, 1],
    ]);
    for (const line of lines) {
      const [directive] = line._aws.CloudWatchMetrics;
      expect(directive).toMatchObject({ Namespace: 'Pinflow', Dimensions: [['feed', 'function']] });
      expect(directive.Metrics.map(({ Name, Unit }: { Name: string; Unit: string }) => `${Name} ${Unit}`)).toEqual([
        'RecordsLanded Count',
        'ObjectsWritten Count',
        'BytesWritten Bytes',
      ]);
      expect(line.function).toBe('archive');
      expect(line.BytesWritten).toBeGreaterThan(50);
    }
  });

  test('of a stream without a feed is refused', async () => {
    await expect(handler(eventOf([1], { stream: 'streaming-demo-user' }))).rejects.toThrow('names no feed');
  });
});

describe('S3', () => {
  test('answers that may pass are tried again, also one that was lost', async () => {
    faults = [
      { when: 'before', error: answer('SlowDown', 503) },
      { when: 'before', error: answer('ConditionalRequestConflict', 409) },
      { when: 'after', error: answer('InternalError', 500) },
    ];
    expect(await handler(eventOf(range(0, 3)))).toEqual(done);
    expect(stored.get(keyOf(0))!.lines).toHaveLength(3);
  });

  test('stays unavailable: the batch starts again from the first record that has not landed', async () => {
    const midnight = Date.parse('2026-01-03T00:00:00Z');
    const event = eventOf(range(0, 4), { at: (offset) => midnight + offset - 2 });
    const began = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(began);
    s3.on(PutObjectCommand, { Key: keyOf(2, '2026-01-03') }).callsFake(() => {
      clock.mockReturnValue(began + 60_000);
      throw answer('SlowDown', 503);
    });
    expect(await handler(event)).toEqual({ batchItemFailures: [{ itemIdentifier: '2' }] });
    expect([...stored.keys()]).toEqual([keyOf(0)]);
  });

  test('refuses for good, or an object does not say where it ends: the batch fails', async () => {
    faults = [{ when: 'before', error: answer('AccessDenied', 403) }];
    await expect(handler(eventOf([1]))).rejects.toThrow();
    stored.set(keyOf(1), { lines: [], metadata: {} });
    await expect(handler(eventOf([1]))).rejects.toThrow('does not say where it ends');
  });
});

test('batches that are cut anew, fail and come again leave no gap; none overlaps unless a retry was shorter', async () => {
  const total = 40;
  const step = fc.record({
    size: fc.integer({ min: 1, max: 12 }),
    fault: fc.constantFrom('none', 'none', 'before', 'after'),
    acknowledged: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      stored.clear();
      let at = 0;
      let tried = 0;
      let isShorter = false;
      for (const { size, fault, acknowledged } of [...steps, ...range(0, total).map(() => calm)]) {
        if (at === total) break;
        const end = Math.min(total, at + size);
        faults = fault === 'none' ? [] : [{ when: fault as 'before' | 'after', error: answer('AccessDenied', 403) }];
        isShorter ||= end < tried;
        const answered = await handler(eventOf(range(at, end))).catch(() => undefined);
        tried = Math.max(tried, end);
        if (answered !== undefined && acknowledged) at = end;
      }
      const landed = [...stored.values()].flatMap(({ lines }) => lines.map((line) => Number(JSON.parse(line).offset)));
      expect([...new Set(landed)].sort((a, b) => a - b)).toEqual(range(0, total));
      if (!isShorter) expect(landed).toHaveLength(total);
    }),
    { numRuns: 150 },
  );
}, 300_000);

const calm = { size: 12, fault: 'none', acknowledged: true };
