import { BatchWriteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { dynamoDbHere, type Here } from '../../bench/dynamodb-here.ts';
import { answer } from '../../lambda/serving/query/answer.ts';
import { catalogOf } from '../../lambda/serving/query/catalog.ts';
import { type LiveLayer, liveLayer } from '../../lambda/serving/query/live-layer.ts';
import { markInexact } from '../../lambda/shared/registry.ts';
import type { Counter } from '../../model/compile/contribution.ts';
import { metricId, partitionKey } from '../../model/counters/keys.ts';
import { completeRegistry, registryKey } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';

const now = Date.UTC(2026, 0, 1);
const metric = metrics.find(({ name }) => name === 'posts-by-category')!;
const id = metricId(metric);
const catalog = catalogOf(metrics, []);
const members = ['art', 'food', 'travel'];
let here: Here;

beforeEach(async () => {
  here = await dynamoDbHere();
  await completed(1);
});
afterEach(() => here.close());

const put = (item: Record<string, unknown>) =>
  here.client.send(new PutItemCommand({ TableName: 'counters', Item: marshall(item) }));
const keyOf = (generation: number, sk: string) => ({ pk: partitionKey(id, generation, '', 0), sk });

/** What a rebuild does: new counters, the registry, then the old ones. */
async function completed(generation: number): Promise<void> {
  for (const sk of members) await put({ ...keyOf(generation, sk), v: generation });
  await put({ ...registryKey, ...completeRegistry([id], generation) });
  if (generation === 1) return;
  const deletes = members.map((sk) => ({ DeleteRequest: { Key: marshall(keyOf(generation - 1, sk)) } }));
  await here.client.send(new BatchWriteItemCommand({ RequestItems: { counters: deletes } }));
}

/** The layer, and something that happens between a reader's look at the registry and its rows. */
function interrupted(happens: () => Promise<void>): LiveLayer {
  const layer = liveLayer(here.client, 'counters');
  return {
    async open() {
      const view = await layer.open();
      async function* counters(...range: Parameters<typeof view.reader.counters>): AsyncGenerator<Counter> {
        await happens();
        yield* view.reader.counters(...range);
      }
      return { ...view, reader: { counters } };
    },
  };
}

async function asked(live: LiveLayer) {
  const request = { method: 'GET', path: ['metrics', metric.name], query: {}, headers: {} };
  const { status, body } = await answer(request, catalog, { live, topicsFeedSpeed: true, now: () => now });
  return { status, body: JSON.parse(body) };
}

test('an answer under which a rebuild deletes the counters is made of the new ones', async () => {
  let generation = 1;
  const { status, body } = await asked(
    interrupted(async () => {
      if (generation === 1) await completed(++generation);
    }),
  );
  expect(status).toBe(200);
  expect(body.rows).toEqual(members.map((category) => ({ category, posts: 2 })));
});

test('one whose counters are replaced with every look is none', async () => {
  let generation = 1;
  const { status, body } = await asked(interrupted(() => completed(++generation)));
  expect(status).toBe(503);
  expect(body.message).toContain('posts-by-category were replaced');
});

test('a change that is found to be missing while the rows are read is told with them', async () => {
  const { body } = await asked(interrupted(() => markInexact(here.client, 'counters', 1)));
  expect(body.notes).toEqual([{ code: 'inexact', message: expect.stringContaining('posts-by-category') }]);
});

test('the latest change is the one of the shards that tell a time', async () => {
  const lastChange = async () => (await liveLayer(here.client, 'counters').open()).lastChange();
  expect(await lastChange()).toBeUndefined();
  await put({ pk: 'progress', sk: 'shard-0', last: '1' });
  expect(await lastChange()).toBeUndefined();
  await put({ pk: 'progress', sk: 'shard-1', last: '1', createdAtMs: now });
  await put({ pk: 'progress', sk: 'shard-2', last: '1', createdAtMs: now - 1 });
  expect(await lastChange()).toBe(now);
});
