import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { readBody } from '../door/answers.ts';
import { listen } from '../door/ports.ts';
import { type JsonObject, ServiceError } from '../services/service.ts';
import { PageFiles } from './files.ts';
import { refusal } from './guard.ts';
import { ConsoleError, type Content, isContent, isEvents, type Route } from './http.ts';

export interface ConsoleServerOptions {
  /** The folder of the page. */
  readonly directory: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly routes: readonly Route[];
  /** Told of faults of the console's own making. */
  readonly fault: (error: unknown, what: string) => void;
}

const BODY_LIMIT = 2 * 1024 * 1024;
const IDLE_CONNECTION_MS = 75_000;
/** A smaller answer is not worth it. */
const COMPRESSED_FROM = 1_000;
const compressed = promisify(gzip);

/** The console: its page and its API, on a loopback port of their own. */
export class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  readonly #files: PageFiles;
  readonly #server: Server;
  readonly #routes: readonly { readonly route: Route; readonly pattern: RegExp }[];
  readonly token = randomBytes(24).toString('base64url');
  #port = 0;

  constructor(options: ConsoleServerOptions) {
    this.#options = options;
    this.#files = new PageFiles(options.directory);
    this.#routes = options.routes.map((route) => ({ route, pattern: patternOf(route.path) }));
    // Longer than clients keep a connection that is idle, so that none sends into one that is being closed.
    this.#server = createServer(
      { keepAliveTimeout: IDLE_CONNECTION_MS },
      (request, response) => void this.#serve(request, response),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** @throws PortTakenError */
  async listen(): Promise<void> {
    const { port } = this.#options;
    this.#port = await listen(this.#server, { port, what: 'the console', option: '--console-port' });
    this.#files.warmUp();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await this.#files.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET' } = request;
    try {
      const refused = refusal(request, { port: this.#port, token: this.token });
      if (refused !== undefined) throw new ConsoleError(403, refused);
      const url = urlOf(request);
      if (url.pathname.startsWith('/api/')) await this.#answer(method, url, request, response);
      else await this.#page(method, url.pathname, request, response);
    } catch (error) {
      if (!isRefusal(error)) this.#options.fault(error, `${method} ${request.url}`);
      if (response.headersSent) response.destroy();
      else await fail(error, request, response);
    }
  }

  async #answer(method: string, url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const found = this.#routes.flatMap(({ route, pattern }) => {
      const match = pattern.exec(url.pathname);
      return match ? [{ route, parameters: decoded(match.groups ?? {}) }] : [];
    });
    const { route, parameters } = found.find(({ route }) => route.method === method) ?? {};
    if (route === undefined || parameters === undefined) {
      if (found.length === 0) throw new ConsoleError(404, `The console does not have ${url.pathname}.`);
      throw new ConsoleError(405, `${url.pathname} is asked with ${found[0]!.route.method}.`);
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const body = method === 'POST' ? jsonOf(await readBody(request, BODY_LIMIT)) : {};
    const answer = await route.handle({ parameters, query: url.searchParams, body, signal: gone.signal });
    if (isEvents(answer)) await sendEvents(response, answer.events, gone.signal);
    else if (isContent(answer)) await send(request, response, 200, answer);
    else await send(request, response, 200, json(answer ?? {}));
  }

  async #page(method: string, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') throw new ConsoleError(405, `${path} is asked with GET.`);
    const nonce = randomBytes(16).toString('base64url');
    const content = path === '/' ? await this.#files.index({ token: this.token, nonce }) : await this.#files.find(path);
    if (content === undefined) throw new ConsoleError(404, `The console does not have ${path}.`);
    await send(request, response, 200, content, { 'content-security-policy': contentPolicy(nonce) });
  }
}

const isRefusal = (error: unknown): error is ConsoleError | ServiceError =>
  error instanceof ConsoleError || error instanceof ServiceError;

async function fail(error: unknown, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [status, said] = isRefusal(error)
    ? [error.status, error.message]
    : [500, `The console failed: ${(error as Error).message}`];
  await send(request, response, status, json({ error: said }));
}

/** Nothing comes from elsewhere, and nobody may frame the page. Styles of the SQL editor carry the nonce. */
const contentPolicy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** Other sites may neither embed nor read an answer. */
const ALWAYS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

async function send(
  { headers }: IncomingMessage,
  response: ServerResponse,
  status: number,
  { type, bytes, headers: own = {} }: Content,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const zip = bytes.length >= COMPRESSED_FROM && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
  const body = zip ? await compressed(bytes) : bytes;
  response.writeHead(status, {
    ...ALWAYS,
    'content-type': type,
    'content-length': body.length,
    vary: 'accept-encoding',
    ...(zip && { 'content-encoding': 'gzip' }),
    ...own,
    ...more,
  });
  response.end(body);
}

async function sendEvents(response: ServerResponse, events: AsyncIterable<unknown>, gone: AbortSignal): Promise<void> {
  response.writeHead(200, { ...ALWAYS, 'content-type': 'text/event-stream' });
  response.flushHeaders();
  for await (const event of events) {
    if (gone.aborted) return;
    if (!response.write(`data: ${JSON.stringify(event)}\n\n`)) {
      await once(response, 'drain', { signal: gone }).catch(() => {});
    }
  }
  response.end();
}

const json = (value: unknown): Content => ({
  type: 'application/json; charset=utf-8',
  bytes: Buffer.from(JSON.stringify(value)),
});

function jsonOf(bytes: Buffer): JsonObject {
  if (bytes.length === 0) return {};
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Refused below, as a value of the wrong type is.
  }
  throw new ConsoleError(400, 'The body is not a JSON object.');
}

/** @throws ConsoleError 400 for what is no path, such as `//` */
function urlOf({ url = '/' }: IncomingMessage): URL {
  const parsed = URL.parse(url, 'http://console');
  if (parsed === null) throw new ConsoleError(400, 'The path cannot be read.');
  return parsed;
}

/** `/api/a/:b` -> a pattern with the group `b`. */
const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\./g, '\\.').replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`);

function decoded(groups: Readonly<Record<string, string>>): Record<string, string> {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    throw new ConsoleError(400, 'The path cannot be decoded.');
  }
}
