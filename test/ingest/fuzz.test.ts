import { afterEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Reply } from '../local/apigateway/gateway.ts';
import { Door } from './door.ts';
import { type FuzzedRequest, fuzzedAuthorization, fuzzedRequest } from './fuzz-requests.ts';

/**
 * PINFLOW_FUZZ_RUNS sends more requests than the suite does, and prints the table of answers; PINFLOW_FUZZ_SEED sends
 * others.
 */
const RUNS = Number(process.env['PINFLOW_FUZZ_RUNS'] ?? 500);
const SEED = Number(process.env['PINFLOW_FUZZ_SEED'] ?? 100);
const OWN = ['streaming-demo-geo', 'streaming-demo-pin', 'streaming-demo-user'];

let door: Door;
afterEach(() => door.close());

/** Status and kind of answer -> how often. */
type Answers = Map<string, number>;

function expectWellFormed({ method }: FuzzedRequest, { status, headers, text, json }: Reply): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  expect(headers['access-control-allow-origin']).toBe('*');
  if (status === 204 || method === 'HEAD') expect(text).toBe('');
  else expect([headers['content-type'], json]).toEqual(['application/json', expect.any(Object)]);
  if (status >= 400 && method !== 'HEAD') {
    expect(json).toEqual({ __type: expect.stringMatching(/^[A-Z]\w+$/), message: expect.stringMatching(/\S/) });
  }
  if (status === 429) expect(headers['retry-after']).toBe('1');
}

/** What an accepted request puts into its stream, as `key data`. */
function recordsOf({ path, body }: FuzzedRequest, { json }: Reply): string[] {
  const sent = JSON.parse(Buffer.from(body ?? '').toString('utf8'));
  if (!/\/records\/?(\?|$)/.test(path)) return [entry(sent.PartitionKey, sent.Data)];
  const [list, data, key] = Object.hasOwn(sent, 'records')
    ? [sent.records, 'data', 'partition-key']
    : [sent.Records, 'Data', 'PartitionKey'];
  return (json.Records as { SequenceNumber?: string }[]).flatMap(({ SequenceNumber }, i) =>
    SequenceNumber ? [entry(list[i][key], list[i][data])] : [],
  );
}

const entry = (key: string, data: unknown): string => `${JSON.stringify(key.toWellFormed())} ${JSON.stringify(data)}`;

const kindOf = ({ status, json }: Reply): string => `${status} ${json?.__type ?? ''}`.trim();

function printed(answers: Answers): string {
  const rows = [...answers].sort(([a], [b]) => (a < b ? -1 : 1));
  return [`${'answer'.padEnd(48)}count`, ...rows.map(([kind, count]) => `${kind.padEnd(48)}${count}`), ''].join('\n');
}

test(
  `${RUNS} requests of any kind: no 5xx, every answer JSON, every accepted record in its stream and no other`,
  async () => {
    door = await Door.open();
    const answers: Answers = new Map();
    const expected = new Map<string, string[]>(OWN.map((stream) => [stream, []]));
    await fc.assert(
      fc.asyncProperty(fuzzedRequest, async (request) => {
        const reply = await door.send(request.method, request.path, request);
        answers.set(kindOf(reply), (answers.get(kindOf(reply)) ?? 0) + 1);
        const isPut = ['PUT', 'POST'].includes(request.method) && /\/records?\/?(\?|$)/.test(request.path);
        if (isPut && reply.status < 300) expected.get(request.stream ?? '')!.push(...recordsOf(request, reply));
        expectWellFormed(request, reply);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    for (const stream of await door.streams()) {
      const stored = await door.records(stream);
      const found = stored.map(({ key, data }) => entry(key, JSON.parse(data)));
      expect([stream, found.sort()]).toEqual([stream, (expected.get(stream) ?? []).sort()]);
      expect(stored.filter(({ data, key }) => data === '' || data === 'null' || key === '')).toEqual([]);
    }
    expect([...expected.values()].flat().length).toBeGreaterThan(RUNS / 10);
    expect(await door.streams()).toEqual(expect.arrayContaining(OWN));
    expect(door.failures).toEqual([]);
    if ('PINFLOW_FUZZ_RUNS' in process.env) process.stdout.write(printed(answers));
  },
  180_000 + RUNS * 60,
);

test.each(['iam', 'api-key'])(
  'with auth %s nothing gets in without credentials',
  async (auth) => {
    door = await Door.open({ auth });
    await fc.assert(
      fc.asyncProperty(fuzzedRequest, fuzzedAuthorization, async (request, authorization) => {
        const headers = { ...request.headers, ...authorization };
        const reply = await door.send(request.method, request.path, { ...request, headers });
        expectWellFormed(request, reply);
        if (request.method !== 'OPTIONS') expect(reply.status).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: Math.ceil(RUNS / 5), seed: SEED },
    );
    for (const stream of OWN) expect(await door.records(stream)).toEqual([]);
    expect(await door.streams()).toEqual(OWN);
  },
  180_000 + RUNS * 20,
);
