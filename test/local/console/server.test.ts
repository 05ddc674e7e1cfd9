import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ConsoleError, type Route } from '../../../local/console/http.ts';
import { ConsoleServer } from '../../../local/console/server.ts';
import { ServiceError } from '../../../local/services/service.ts';

const directory = mkdtempSync(join(tmpdir(), 'pinflow-console-'));
const faults: string[] = [];
const routes: Route[] = [
  {
    method: 'GET',
    path: '/api/things/:name',
    handle: ({ parameters, query }) => ({ ...parameters, of: query.get('of') }),
  },
  { method: 'POST', path: '/api/things', handle: ({ body }) => ({ made: body['name'] }) },
  {
    method: 'GET',
    path: '/api/refused',
    handle: () => {
      throw new ServiceError('InvalidRequestException', 'No such query.', 400);
    },
  },
  {
    method: 'GET',
    path: '/api/missing',
    handle: () => {
      throw new ConsoleError(404, 'It is not there.');
    },
  },
  {
    method: 'GET',
    path: '/api/broken',
    handle: () => {
      throw new TypeError('x is undefined');
    },
  },
  { method: 'GET', path: '/api/log', handle: () => ({ events: [{ time: 1 }] }) },
  {
    method: 'GET',
    path: '/api/events',
    handle: ({ signal }) => ({
      events: (async function* () {
        for (let n = 1; n <= 3 && !signal.aborted; n++) yield { n };
      })(),
    }),
  },
  {
    method: 'GET',
    path: '/api/broken-events',
    handle: () => ({
      events: (async function* () {
        yield { n: 1 };
        throw new TypeError('x is undefined');
      })(),
    }),
  },
];
let server: ConsoleServer;

beforeAll(async () => {
  writeFileSync(join(directory, 'index.html'), '<meta content="{{token}}"><meta content="{{nonce}}">');
  mkdirSync(join(directory, 'views'));
  writeFileSync(join(directory, 'views', 'flow.js'), 'export default 1;\n');
  writeFileSync(join(directory, 'secret.txt'), 'not of the page');
  server = new ConsoleServer({ directory, port: 0, routes, fault: (_, what) => faults.push(what) });
  await server.listen();
});

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** `fetch` does not let a test choose Host and Origin. */
function ask(
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Told> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url, { method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const port = () => new URL(server.url).port;

test.each(['pinflow.example', 'localhost', '127.0.0.1:1', 'evil.example:8001'])(
  'the host %s is refused',
  async (host) => {
    const { status, body } = await ask('/api/things/a', { headers: { host } });
    expect(status).toBe(403);
    expect(JSON.parse(body).error).toContain('is asked as 127.0.0.1:');
  },
);

test('localhost is as good as its address', async () => {
  expect((await ask('/api/things/a', { headers: { host: `localhost:${port()}` } })).status).toBe(200);
});

test.each(['http://evil.example', 'null', 'https://127.0.0.1'])(
  'pages of the origin %s are refused',
  async (origin) => {
    expect((await ask('/api/things/a', { headers: { origin } })).status).toBe(403);
  },
);

test('images, scripts and frames of other sites are refused, although they tell no origin; links to the page are not', async () => {
  const embedded = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const statusOf = async (path: string, headers: Record<string, string>) => (await ask(path, { headers })).status;
  expect(await statusOf('/api/events', embedded)).toBe(403);
  expect(await statusOf('/', { ...link, 'sec-fetch-dest': 'iframe' })).toBe(403);
  expect(await statusOf('/api/things/a', link)).toBe(403);
  expect(await statusOf('/', link)).toBe(200);
  expect(await statusOf('/api/events', { ...embedded, 'sec-fetch-site': 'same-origin' })).toBe(200);
});

test.each(['//', '//[', '/api/%'])('what is no path, such as %s, is refused, and no fault', async (path) => {
  expect((await ask(path)).status).toBeGreaterThanOrEqual(400);
  expect((await ask('/')).status).toBe(200);
  expect(faults).toEqual([]);
});

test('a change needs the token, whatever the origin', async () => {
  const body = JSON.stringify({ name: 'a' });
  const origin = server.url;
  expect((await ask('/api/things', { method: 'POST', body })).status).toBe(403);
  expect((await ask('/api/things', { method: 'POST', body, headers: { origin } })).status).toBe(403);
  const wrong = { 'x-pinflow-token': `${server.token}x` };
  expect((await ask('/api/things', { method: 'POST', body, headers: wrong })).status).toBe(403);
  const made = await ask('/api/things', { method: 'POST', body, headers: { origin, 'x-pinflow-token': server.token } });
  expect([made.status, JSON.parse(made.body)]).toEqual([200, { made: 'a' }]);
});

test('the page carries the token, and lets nothing in from elsewhere', async () => {
  const { status, headers, body } = await ask('/');
  expect(status).toBe(200);
  expect(body).toContain(server.token);
  const policy = String(headers['content-security-policy']);
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  expect(body).toContain(nonce);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('files of the page are served, others are not', async () => {
  const flow = await ask('/views/flow.js');
  expect([flow.status, flow.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  for (const path of ['/secret.txt', '/views/none.js', '/../package.json', '/%2e%2e/package.json', '/vendor/none.js']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
});

test('parameters are decoded, and queries read', async () => {
  const { body } = await ask('/api/things/a%20b?of=c');
  expect(JSON.parse(body)).toEqual({ name: 'a b', of: 'c' });
  expect((await ask('/api/things/%E0%A4%A')).status).toBe(400);
});

test('errors say what is wrong', async () => {
  expect(JSON.parse((await ask('/api/missing')).body)).toEqual({ error: 'It is not there.' });
  const refused = await ask('/api/refused');
  expect([refused.status, JSON.parse(refused.body).error]).toEqual([400, 'No such query.']);
  const broken = await ask('/api/broken');
  expect([broken.status, JSON.parse(broken.body).error]).toEqual([500, 'The console failed: x is undefined']);
  expect(faults).toEqual(['GET /api/broken']);
  expect((await ask('/api/none')).status).toBe(404);
  expect((await ask('/api/things')).status).toBe(405);
  const headers = { 'x-pinflow-token': server.token };
  expect((await ask('/api/things', { method: 'POST', headers, body: '[1]' })).status).toBe(400);
});

test('a list that is called events is an answer like others', async () => {
  const { headers, body } = await ask('/api/log');
  expect(headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(String(body))).toEqual({ events: [{ time: 1 }] });
});

test('what ends events early is told', async () => {
  faults.length = 0;
  await expect(ask('/api/broken-events')).rejects.toThrow();
  expect(faults).toEqual(['GET /api/broken-events']);
});

test('events are sent as they come', async () => {
  const { headers, body } = await ask('/api/events');
  expect(headers['content-type']).toBe('text/event-stream');
  expect(body).toBe('data: {"n":1}\n\ndata: {"n":2}\n\ndata: {"n":3}\n\n');
});
