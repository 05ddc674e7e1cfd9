import { describe, expect, test } from '@jest/globals';
import { outcomeOf } from '../../../local/services/lambda/event-sources/batch-response.ts';
import {
  type BatchOutcome,
  type BatchRecord,
  type BatchSettings,
  ShardBatcher,
} from '../../../local/services/lambda/event-sources/shard-batcher.ts';

const SETTINGS: BatchSettings = {
  batchSize: 4,
  windowMs: 0,
  maxRetries: Number.POSITIVE_INFINITY,
  maxAgeMs: Number.POSITIVE_INFINITY,
  bisect: false,
};

const record = (sequenceNumber: string, arrival = 0, json = '{}'): BatchRecord => ({ sequenceNumber, arrival, json });
const records = (names: string): BatchRecord[] => [...names].map((name) => record(name));
const names = (some: readonly BatchRecord[]): string => some.map(({ sequenceNumber }) => sequenceNumber).join('');

/**
 * Runs a shard to its end with a function that fails at the first record for which `fails` is true, at its attempt.
 * Gives what happened as words: `abc` invoked, `!a` discarded, `=a` checkpoint.
 */
function play(
  settings: Partial<BatchSettings>,
  given: readonly BatchRecord[],
  fails: (name: string, invocation: number) => boolean,
  reports: boolean,
): string[] {
  const batcher = new ShardBatcher({ ...SETTINGS, ...settings }, () => 1);
  batcher.offer(given, 0);
  const story: string[] = [];
  let now = 0;
  for (let invocation = 0; story.length < 100; ) {
    const step = batcher.next(now);
    if (step.kind === 'read') return story;
    if (step.kind === 'gather' || step.kind === 'back-off') {
      now = step.until;
      continue;
    }
    if (step.kind === 'end-window') throw new Error('there are no windows');
    story.push(`${step.kind === 'discard' ? '!' : ''}${names(step.records)}`);
    let done: string | undefined;
    if (step.kind === 'discard') done = batcher.discarded(step);
    else {
      const from = step.records.findIndex(({ sequenceNumber }) => fails(sequenceNumber, invocation));
      const outcome: BatchOutcome = from < 0 ? { kind: 'done' } : { kind: 'failed', from: reports ? from : 0 };
      invocation += 1;
      done = batcher.settle(outcome, now);
    }
    if (done !== undefined) story.push(`=${done}`);
  }
  throw new Error(`no end: ${story.join(' ')}`);
}

const never = () => false;
const poison = (name: string) => name === 'c';
const atFirst = (name: string, invocation: number) => name === 'c' && invocation === 0;

describe('what happens to the records of a shard', () => {
  test.each<[string, Partial<BatchSettings>, string, (name: string, invocation: number) => boolean, boolean, string]>([
    ['batches in order', {}, 'abcdef', never, false, 'abcd =d ef =f'],
    ['the whole batch again', {}, 'abcde', atFirst, false, 'abcd abcd =d e =e'],
    ['from the reported record again', {}, 'abcde', atFirst, true, 'abcd =b cd =d e =e'],
    ['given up after the retries', { maxRetries: 1 }, 'abcde', poison, false, 'abcd abcd !abcd =d e =e'],
    ['given up from the reported record', { maxRetries: 1 }, 'abcde', poison, true, 'abcd =b cd !cd =d e =e'],
    ['no retry at all', { maxRetries: 0 }, 'abcde', poison, false, 'abcd !abcd =d e =e'],
    [
      'halves until the one is alone',
      { bisect: true, maxRetries: 1 },
      'abcde',
      poison,
      false,
      'abcd ab =b cd c c !c =c d =d e =e',
    ],
    [
      'split at the report, then halved',
      { bisect: true, maxRetries: 0 },
      'abcde',
      poison,
      true,
      'abcd =b cd c !c =c d =d e =e',
    ],
    ['bisect with one record', { bisect: true, maxRetries: 2 }, 'c', poison, false, 'c c c !c =c'],
  ])('%s', (_, settings, given, fails, reports, story) => {
    expect(play(settings, records(given), fails, reports).join(' ')).toBe(story);
  });

  test('records that are too old are given up when their turn comes, before and between tries', () => {
    const given = [record('a', -5_000), record('b', -10), record('c', 0)];
    expect(play({ maxAgeMs: 1_000 }, given, poison, true).join(' ')).toBe('!a =a bc =b c c c !c =c');
  });
});

test('a batch waits for its window unless it is full', () => {
  const batcher = new ShardBatcher({ ...SETTINGS, windowMs: 1_000 });
  expect(batcher.next(0)).toEqual({ kind: 'read' });
  batcher.offer(records('ab'), 10);
  expect(batcher.next(20)).toEqual({ kind: 'gather', until: 1_010 });
  batcher.offer(records('cde'), 500);
  expect(batcher.next(500)).toMatchObject({ kind: 'invoke', records: records('abcd') });
  batcher.settle({ kind: 'done' }, 600);
  expect(batcher.next(600)).toEqual({ kind: 'gather', until: 1_500 });
  expect(batcher.next(1_500)).toMatchObject({ kind: 'invoke', records: records('e') });
});

test('a payload stays below 6 MB, a single record above it goes alone', () => {
  const batcher = new ShardBatcher({ ...SETTINGS, windowMs: 1_000 });
  const mega = (name: string, mb: number) => record(name, 0, 'x'.repeat(mb * 1_000_000));
  batcher.offer([mega('a', 3), mega('b', 3), mega('c', 1), mega('d', 7), mega('e', 1)], 0);
  const sizes: string[] = [];
  for (let step = batcher.next(0); step.kind === 'invoke'; step = batcher.next(0)) {
    sizes.push(names(step.records));
    batcher.settle({ kind: 'done' }, 0);
  }
  expect(sizes).toEqual(['ab', 'c', 'd']);
});

test('retries back off longer each time; a throttled invocation is no retry', () => {
  const batcher = new ShardBatcher({ ...SETTINGS, maxRetries: 1 }, () => 1);
  batcher.offer(records('a'), 0);
  const waits: number[] = [];
  let now = 0;
  for (const kind of ['throttled', 'throttled', 'failed', 'throttled', 'failed'] as const) {
    expect(batcher.next(now).kind).toBe('invoke');
    batcher.settle(kind === 'failed' ? { kind, from: 0 } : { kind }, now);
    const step = batcher.next(now);
    if (step.kind !== 'back-off') break;
    waits.push(step.until - now);
    now = step.until;
  }
  expect(waits).toEqual([100, 200, 400, 800]);
  expect(batcher.next(now)).toMatchObject({ kind: 'discard', condition: 'RetryAttemptsExhausted', invocations: 2 });
});

describe('what a function says of its batch', () => {
  const done: BatchOutcome = { kind: 'done' };
  const from = (index: number): BatchOutcome => ({ kind: 'failed', from: index });
  const report = (...identifiers: unknown[]) =>
    JSON.stringify({ batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) });

  test.each<[string, string, BatchOutcome]>([
    ['null', 'null', done],
    ['an empty object', '{}', done],
    ['a null list', '{"batchItemFailures": null}', done],
    ['an empty list', report(), done],
    ['one record', report('b'), from(1)],
    ['the lowest of several', report('c', 'b'), from(1)],
    ['an empty identifier', report(''), from(0)],
    ['a null identifier', report(null), from(0)],
    ['an identifier of another batch', report('c', 'z'), from(0)],
    ['another key', '{"batchItemFailures": [{"id": "b"}]}', from(0)],
    ['no list', '{"batchItemFailures": "b"}', from(0)],
    ['no object', '"b"', from(0)],
  ])('%s', (_, payload, outcome) => {
    expect(outcomeOf({ failed: false, payload }, ['a', 'b', 'c'], true)).toEqual(outcome);
  });

  test('without ReportBatchItemFailures only a failure counts', () => {
    expect(outcomeOf({ failed: false, payload: report('b') }, ['a', 'b'], false)).toEqual(done);
    expect(outcomeOf({ failed: true, payload: '{}' }, ['a', 'b'], false)).toEqual(from(0));
  });
});

describe('tumbling windows', () => {
  const windowed: BatchSettings = { ...SETTINGS, tumblingMs: 10_000 };
  const at = (sequenceNumber: string, seconds: number) => record(sequenceNumber, seconds * 1_000);

  /** `ab@0:1` is a batch in the window from second 0 with the state 1, `/0:1` the end of that window. */
  function say(step: ReturnType<ShardBatcher['next']>): string {
    if (step.kind !== 'invoke' && step.kind !== 'end-window') return step.kind;
    const { start, state } = step.window!;
    const window = `${start / 1_000}:${JSON.stringify(state)}`;
    return step.kind === 'invoke' ? `${names(step.records)}@${window}` : `/${window}`;
  }

  test('a batch has one window; the state goes on to its end, which comes before the next window', () => {
    const batcher = new ShardBatcher(windowed, () => 1);
    batcher.offer([at('a', 1), at('b', 2), at('c', 11), at('d', 9), at('e', 12)], 0);
    const story: string[] = [];
    for (let state = 1; state < 8; state += 1) {
      const step = batcher.next(13_000);
      story.push(say(step));
      if (step.kind === 'invoke') batcher.settle({ kind: 'done', state }, 13_000);
      if (step.kind === 'end-window') batcher.windowEnded(true, 13_000);
    }
    // What comes late belongs to the window that is open.
    expect(story).toEqual(['ab@0:{}', '/0:1', 'cde@10:{}', 'read', 'read', 'read', 'read']);
    expect(say(batcher.next(20_500))).toBe('read');
    expect(say(batcher.next(21_000))).toBe('/10:3');
  });

  test('a window ends with its shard, and not before the function has taken its end', () => {
    const batcher = new ShardBatcher(windowed, () => 1, { start: 0, state: 7 });
    batcher.offer([at('a', 1)], 0);
    expect(say(batcher.next(1_000))).toBe('a@0:7');
    batcher.settle({ kind: 'done', state: 8 }, 1_000);
    expect(say(batcher.next(1_000))).toBe('read');
    expect(say(batcher.next(1_000, true))).toBe('/0:8');
    batcher.windowEnded(false, 1_000);
    expect(batcher.next(1_000, true)).toEqual({ kind: 'back-off', until: 1_100 });
    expect(say(batcher.next(1_100, true))).toBe('/0:8');
    batcher.windowEnded(true, 1_100);
    expect(say(batcher.next(1_100, true))).toBe('read');
    expect(batcher.window).toBeUndefined();
  });

  test('a failure keeps the state, a part of a batch that is done brings its own', () => {
    const batcher = new ShardBatcher(windowed, () => 1);
    batcher.offer([at('a', 1), at('b', 2)], 0);
    expect(say(batcher.next(0))).toBe('ab@0:{}');
    batcher.settle({ kind: 'failed', from: 0 }, 0);
    expect(say(batcher.next(1_000))).toBe('ab@0:{}');
    batcher.settle({ kind: 'failed', from: 1, state: 5 }, 1_000);
    expect(say(batcher.next(9_000))).toBe('b@0:5');
  });
});
