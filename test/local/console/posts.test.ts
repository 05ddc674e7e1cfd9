import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import type { Route } from '../../../local/console/http.ts';
import { Posts } from '../../../local/console/posts.ts';
import type { ConsoleTools, EmulationOrder, Hop, PostOrder } from '../../../local/console/tools.ts';
import type { JsonObject } from '../../../local/services/service.ts';

const hop = (name: Hop['name']): Hop => ({ feed: 'pin', door: 'streams', name, at: 1, detail: '' });
const sent: PostOrder[] = [];
const emulated: EmulationOrder[] = [];

const tools: ConsoleTools = {
  feeds: ['pin', 'geo'],
  doors: ['streams', 'topics'],
  ask: async () => ({ status: 200, body: '{}' }),
  questions: {},
  totals: async () => [],
  sample: () => ({ index: 7, rows: {} }),
  async *follow(order, signal) {
    sent.push(order);
    yield hop('door');
    if (order.index === 5) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    if (order.index === 13) throw new Error('The table is gone.');
    yield hop('posts');
  },
  emulate(order, signal, told) {
    emulated.push(order);
    told({ requests: 3, accepted: 2, refused: 1 });
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  },
  quarantined: async () => ({ rows: [], total: 0 }),
  redrive: async () => ({ left: 0, stays: 0, problems: [] }),
};

let posts = new Posts(tools);

afterEach(() => {
  posts.close();
  posts = new Posts(tools);
  sent.length = 0;
  emulated.length = 0;
});

function call(
  method: Route['method'],
  path: string,
  { body = {}, ...parameters }: { body?: JsonObject; id?: string } = {},
) {
  const route = posts.routes().find((one) => one.method === method && one.path === path)!;
  const request = { parameters, query: new URLSearchParams(), body, signal: new AbortController().signal };
  return route.handle(request) as JsonObject;
}

test('a post is followed to its end', async () => {
  const { id } = call('POST', '/api/posts', { body: { index: 1, rows: { pin: { index: 1 } }, doors: ['topics'] } });
  await sleep(1);
  expect(call('GET', '/api/posts/:id', { id: String(id) })).toMatchObject({
    index: 1,
    done: true,
    left: false,
    hops: [{ name: 'door' }, { name: 'posts' }],
  });
  expect(sent).toEqual([{ index: 1, rows: { pin: { index: 1 } }, doors: ['topics'] }]);
});

test('a post that is followed no longer is not through', async () => {
  const { id } = call('POST', '/api/posts', { body: { index: 5, rows: { pin: {} } } });
  await sleep(1);
  posts.close();
  await sleep(1);
  expect(call('GET', '/api/posts/:id', { id: String(id) })).toMatchObject({ done: true, left: true });
});

test('what stops a post from being followed is told', async () => {
  const { id } = call('POST', '/api/posts', { body: { index: 13, rows: { pin: {} } } });
  await sleep(1);
  expect(call('GET', '/api/posts/:id', { id: String(id) })).toMatchObject({
    done: true,
    problem: 'The table is gone.',
  });
});

test.each([
  [{}, 'index is a number'],
  [{ index: 1, rows: {} }, 'rows has a row for one or more of pin, geo'],
  [{ index: 1, rows: { likes: {} } }, 'rows has a row for one or more of pin, geo'],
  [{ index: 1, rows: { pin: {} }, doors: ['window'] }, 'doors is a list of streams, topics'],
  [{ index: 1, rows: { pin: {} }, doors: [] }, 'doors is a list of streams, topics'],
])('the post %j is refused', (body, message) => {
  expect(() => call('POST', '/api/posts', { body })).toThrow(message);
  expect(sent).toEqual([]);
});

test('a post that was never sent is not found', () => {
  expect(() => call('GET', '/api/posts/:id', { id: 'none' })).toThrow('was not sent');
});

test('one emulation at a time, until it is stopped', async () => {
  const body = { rate: 5, count: 10, dirty: 0.1, duplicates: 0 };
  call('POST', '/api/emulation', { body });
  expect(emulated).toEqual([{ ...body, doors: ['streams'] }]);
  expect(posts.emulation).toMatchObject({ running: true, requests: 3, accepted: 2, refused: 1 });
  expect(() => call('POST', '/api/emulation', { body })).toThrow('are being sent already');
  call('POST', '/api/emulation/stop');
  await sleep(1);
  expect(posts.emulation).toMatchObject({ running: false, requests: 3 });
  expect(() => call('POST', '/api/emulation', { body: { ...body, dirty: 2 } })).toThrow(
    'dirty is a number from 0 to 1',
  );
});
