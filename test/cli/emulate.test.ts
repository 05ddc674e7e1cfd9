import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { readArguments } from '../../cli/arguments.ts';
import emulateCommand from '../../cli/emulate.ts';
import { asciiJson, httpDoor } from '../../cli/emulator/door.ts';
import { type Emulation, emulate, type LoggedAnswer } from '../../cli/emulator/emulate.ts';
import { delayAfter, patient } from '../../cli/emulator/retry.ts';
import { summaryOf } from '../../cli/emulator/summary.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';

interface Seen {
  readonly request: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'hang up';

const servers: Server[] = [];
const doors: { close(): void }[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) door.close();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const taken = (number: number): Reply => ({
  status: 200,
  body: JSON.stringify({ SequenceNumber: String(number), ShardId: 'shardId-000000000000' }),
});

/** A door that answers request number n (from 0) as told. */
async function door(reply: (number: number) => Reply): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const answer = reply(seen.length);
      seen.push({ request: `${request.method} ${request.url}`, headers: request.headers, body });
      if (answer === 'hang up') return void request.socket.destroy();
      response
        .writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers })
        .end(answer.body ?? '{}');
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/prod/`, seen };
}

async function run(url: string, count: number, options: Partial<Emulation> = {}) {
  const answers: LoggedAnswer[] = [];
  const send = httpDoor();
  doors.push(send);
  const summary = await emulate({
    url,
    deployment: 'demo',
    posts: syntheticPosts({ seed: 100, count, dirty: 0, duplicates: 0 }),
    send,
    threads: 1,
    retry: { attempts: 3, firstDelayMs: 1, longestDelayMs: 2 },
    onAnswer: (answer) => answers.push(answer),
    ...options,
  });
  return { summary, answers };
}

describe('a run', () => {
  test('sends three requests a post, one after the other, as the public emulators do', async () => {
    const { url, seen } = await door(taken);
    const { summary, answers } = await run(url, 2);
    expect(seen.map(({ request }) => request)).toEqual([
      ...['pin', 'geo', 'user', 'pin', 'geo', 'user'].map((feed) => `PUT /prod/streams/streaming-demo-${feed}/record`),
    ]);
    const [first] = seen;
    expect(first!.headers).toMatchObject({ 'content-type': 'application/json', connection: 'close' });
    expect(first!.headers.authorization).toBeUndefined();
    const body = JSON.parse(first!.body);
    expect(Object.keys(body)).toEqual(['StreamName', 'Data', 'PartitionKey']);
    expect(body).toMatchObject({ StreamName: 'streaming-demo-pin', PartitionKey: String(body.Data.index) });
    expect(seen.every(({ body }) => /^[\x20-\x7e]*$/.test(body))).toBe(true);
    expect(summary).toMatchObject({ posts: 2, feeds: { pin: { sent: 2, accepted: 2, refused: 0, retries: 0 } } });
    expect(answers[4]).toMatchObject({ turn: 1, feed: 'geo', attempt: 1, status: 200, sequenceNumber: '4' });
  });

  test('through both doors, each row to its stream and its topic', async () => {
    const { url, seen } = await door((number) =>
      number % 2 === 0
        ? taken(number)
        : {
            status: 200,
            body: JSON.stringify({ offsets: [{ partition: 1, offset: number, error_code: null, error: null }] }),
          },
    );
    const { summary, answers } = await run(url, 1, { doors: ['streams', 'topics'] });
    expect(seen.filter((_, at) => at % 2 === 1).map(({ request }) => request)).toEqual(
      ['pin', 'geo', 'user'].map((feed) => `POST /prod/topics/demo.${feed}`),
    );
    const body = JSON.parse(seen[1]!.body);
    expect(seen[1]!.headers['content-type']).toBe('application/vnd.kafka.json.v2+json');
    expect(body).toEqual({ records: [{ value: JSON.parse(seen[0]!.body).Data }] });
    expect(answers[1]).toMatchObject({ feed: 'pin', door: 'topics', partition: 1, offset: 1 });
    expect(summary.feeds.pin).toEqual({ sent: 2, accepted: 2, refused: 0, retries: 0 });
    expect(summary.byDoor.get('topics')!.geo.accepted).toBe(1);
    expect(summaryOf(summary)).toMatch(/user to topics +1 +1 +0 +0/);
  });

  test('sends again what was throttled, failed or was cut off, until it is taken', async () => {
    const replies: Reply[] = [{ status: 429 }, { status: 503 }, taken(1), 'hang up', taken(2), taken(3)];
    const { url, seen } = await door((number) => replies[number]!);
    const { summary, answers } = await run(url, 1);
    expect(answers.map(({ feed, attempt, status }) => [feed, attempt, status])).toEqual([
      ['pin', 1, 429],
      ['pin', 2, 503],
      ['pin', 3, 200],
      ['geo', 1, 0],
      ['geo', 2, 200],
      ['user', 1, 200],
    ]);
    expect(new Set(seen.slice(0, 3).map(({ body }) => body)).size).toBe(1);
    expect(summary.feeds.pin).toEqual({ sent: 1, accepted: 1, refused: 0, retries: 2 });
    expect(summaryOf(summary)).toMatch(/no answer: 1, 200: 3, 429: 1, 503: 1/);
  });

  test('does not send a refused record again, and says what the door said', async () => {
    const { url } = await door((number) =>
      number === 0
        ? { status: 400, body: '{"__type":"ValidationException","message":"Data is missing"}' }
        : taken(number),
    );
    const { summary, answers } = await run(url, 1);
    expect(answers).toHaveLength(3);
    expect(answers[0]).toMatchObject({ status: 400, message: 'Data is missing' });
    expect(summary.feeds.pin).toEqual({ sent: 1, accepted: 0, refused: 1, retries: 0 });
  });

  test('gives up after the last attempt', async () => {
    const { url } = await door(() => ({ status: 500 }));
    const { summary } = await run(url, 1);
    expect(summary.feeds.geo).toEqual({ sent: 1, accepted: 0, refused: 1, retries: 2 });
    expect(summary.statuses).toEqual(new Map([[500, 9]]));
  });

  test('shares the posts among threads, none twice', async () => {
    const { url, seen } = await door(taken);
    const { answers } = await run(url, 20, { threads: 5 });
    expect(seen).toHaveLength(60);
    expect(new Set(answers.map(({ index }) => index)).size).toBe(20);
  });

  test('keeps to the rate', async () => {
    const { url } = await door(taken);
    const { summary } = await run(url, 5, { rate: 20, threads: 3 });
    expect(summary.seconds).toBeGreaterThan(0.19);
  });

  test('stops between posts', async () => {
    const { url } = await door(taken);
    const stop = new AbortController();
    const { summary } = await run(url, 1000, {
      stop: stop.signal,
      onAnswer: ({ turn }) => {
        if (turn === 2) stop.abort();
      },
    });
    expect(summary.posts).toBe(3);
    expect(summary.feeds.user.accepted).toBe(3);
  });
});

describe('waiting', () => {
  const answer = (status: number, headers = {}) => ({ status, headers, body: '' });

  test('doubles up to its limit, with jitter', () => {
    expect(delayAfter(answer(503), 1, patient, 0, () => 1)).toBe(200);
    expect(delayAfter(answer(503), 3, patient, 0, () => 0.5)).toBe(400);
    expect(delayAfter(answer(0), 7, { ...patient, longestDelayMs: 1_000 }, 0, () => 1)).toBe(1_000);
    expect(delayAfter(answer(503), 8, patient)).toBeUndefined();
  });

  test('honours Retry-After in seconds and as a date', () => {
    expect(delayAfter(answer(429, { 'retry-after': '3' }), 1, patient, 0, () => 0)).toBe(3_000);
    const now = Date.parse('2026-01-01T00:00:00Z');
    const date = { 'retry-after': 'Thu, 01 Jan 2026 00:00:02 GMT' };
    expect(delayAfter(answer(503, date), 1, patient, now, () => 0)).toBe(2_000);
  });

  test.each([200, 207, 400, 404, 413])('status %d is final', (status) => {
    expect(delayAfter(answer(status), 1, patient)).toBeUndefined();
  });
});

describe('the command', () => {
  const run = (...args: string[]) => emulateCommand.run(readArguments(emulateCommand.line, args));

  test('tells once why a door takes nothing', async () => {
    const { url } = await door(() => ({ status: 404, body: '{"message":"There is no stream of that name."}' }));
    const told = jest.spyOn(console, 'error').mockImplementation(() => {});
    jest.spyOn(console, 'log').mockImplementation(() => {});
    try {
      expect(await run('--url', url, '--count', '2')).toBe(1);
      expect(told.mock.calls).toEqual([
        [expect.stringMatching(/^The streams door answers 404 to pin of post \d+: There is no stream of that name\.$/)],
      ]);
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('ends where nobody answers', async () => {
    const { url } = await door(() => 'hang up');
    jest.spyOn(console, 'error').mockImplementation(() => {});
    const summary = jest.spyOn(console, 'log').mockImplementation(() => {});
    jest.spyOn(Math, 'random').mockReturnValue(0); // No pause between attempts.
    try {
      expect(await run('--url', url, '--count', '50')).toBe(1);
      expect(summary.mock.calls.join()).toContain('1 posts in');
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('sends the rows before one that cannot be read, and says so', async () => {
    const { url, seen } = await door(taken);
    const folder = mkdtempSync(join(tmpdir(), 'pinflow rows '));
    const file = join(folder, 'rows.csv');
    writeFileSync(file, 'ind,country\n1,Peru\n2,Chile\n,Cuba\n4,Oman\n');
    try {
      await expect(run('--url', url, '--from', file, '--threads', '4')).rejects.toThrow(
        `${file}:4:1: the row has no column index or ind with the number of its post. The posts before it, 2, were sent.`,
      );
      expect(seen).toHaveLength(2);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(['--seed', '--dirty', '--duplicates'])('%s does not go with rows of one’s own', async (option) => {
    await expect(run('--from', 'rows.csv', option, '1')).rejects.toThrow(`${option} is of synthetic posts`);
  });
});

test('JSON is written in ASCII', () => {
  const value = { text: 'ä\u00A0\u{1F384}\u007f"\\' };
  expect(asciiJson(value)).toBe('{"text":"\\u00e4\\u00a0\\ud83c\\udf84\\u007f\\"\\\\"}');
  expect(JSON.parse(asciiJson(value))).toEqual(value);
});
