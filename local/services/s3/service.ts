import { Agent, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, request as send } from 'node:http';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { Caller } from '../../access/caller.ts';
import { type FrontDoor, type HttpService, ServiceError } from '../service.ts';
import { operationOf, parseRequest, pathOf, type S3Request } from './operation.ts';

/** The server that keeps the objects, such as MiniStack. */
export interface S3Engine {
  readonly port: number;
  /** Resolves when it answers. */
  ready(): Promise<void>;
}

export interface S3Options {
  readonly region: string;
  readonly engine: S3Engine;
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
}

export interface BucketSettings {
  readonly versioned: boolean;
}

/** Of the connection, of the signature that was checked already, or made up anew. */
const NOT_FORWARDED = new Set([
  'authorization',
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amz-security-token',
]);
/** Shorter than the engine's 75 s, so that nothing is sent into a connection that it is closing. */
const IDLE_CONNECTION_MS = 60_000;
const MAX_DELETE_BYTES = 2 * 1_024 * 1_024;

/** S3: decides who may do what, then lets the engine do it. */
export class S3Service implements HttpService {
  readonly name = 's3';
  readonly #options: S3Options;
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  readonly #buckets = new Map<string, BucketSettings>();

  constructor(options: S3Options) {
    this.#options = options;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Creates a bucket unless it is there. */
  async putBucket(bucket: string, settings: BucketSettings): Promise<void> {
    this.#buckets.set(bucket, settings);
    await this.#options.engine.ready();
    await this.#applyBucket(bucket, settings);
  }

  /** Sets anew what the engine keeps in memory only; for each start of it. */
  async prepareEngine(): Promise<void> {
    for (const [bucket, settings] of this.#buckets) await this.#applyBucket(bucket, settings);
  }

  /** Puts an object for a service of this process. @throws ServiceError AccessDeniedException */
  async putObject(caller: Caller, bucket: string, key: string, body: string | Buffer): Promise<void> {
    this.#options.frontDoor.authorize(caller, { action: 's3:PutObject', resource: `arn:aws:s3:::${bucket}/${key}` });
    await this.#options.engine.ready();
    await this.#run('PUT', pathOf(bucket, key), body);
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const host = String(headers.host ?? headers[':authority'] ?? '');
    const asked = parseRequest(method, url, host, headers);
    const operation = operationOf(asked);
    for (const needed of operation.access) this.#options.frontDoor.authorize(caller, needed);
    let body: Readable | string = request;
    if (operation.name === 'DeleteObjects') body = await this.#authorizedDeletes(asked, request, caller);
    await this.#options.engine.ready();
    const answer = await this.#send(method, operation.path, forwarded(asked.headers), body).catch((error: Error) => {
      throw new ServiceError('ServiceUnavailable', `The S3 engine does not answer: ${error.message}`, 503);
    });
    if (answer.statusCode === 404 && /^(Get|Head)Object$/.test(operation.name)) {
      this.#hideMissing(asked, caller, answer);
    }
    response.writeHead(answer.statusCode!, forwarded(answer.headers));
    await pipeline(answer, response);
  }

  /** Who may not list a bucket is not told which objects it lacks. */
  #hideMissing({ bucket }: S3Request, caller: Caller, answer: IncomingMessage): void {
    try {
      this.#options.frontDoor.authorize(caller, { action: 's3:ListBucket', resource: `arn:aws:s3:::${bucket}` });
    } catch (error) {
      answer.resume();
      throw error;
    }
  }

  async #authorizedDeletes({ bucket }: S3Request, request: IncomingMessage, caller: Caller): Promise<string> {
    if (Number(request.headers['content-length'] ?? 0) > MAX_DELETE_BYTES) {
      throw new ServiceError('MalformedXML', 'The list of keys is too long.', 400);
    }
    const body = await text(request);
    for (const [, key] of body.matchAll(/<Key>([^<]*)<\/Key>/g)) {
      const resource = `arn:aws:s3:::${bucket}/${unescapeXml(key!)}`;
      this.#options.frontDoor.authorize(caller, { action: 's3:DeleteObject', resource });
    }
    return body;
  }

  async #applyBucket(bucket: string, { versioned }: BucketSettings): Promise<void> {
    await this.#run('PUT', pathOf(bucket, undefined));
    if (!versioned) return;
    const status = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
    await this.#run('PUT', pathOf(bucket, undefined, [['versioning', '']]), status);
  }

  async #run(method: string, path: string, body: string | Buffer = ''): Promise<void> {
    const answer = await this.#send(method, path, { 'content-length': Buffer.byteLength(body) }, body);
    const said = await text(answer);
    // The engine says it of a bucket that is there already.
    if (answer.statusCode! < 300 || said.includes('BucketAlreadyOwnedByYou')) return;
    const code = /<Code>([^<]*)/.exec(said)?.[1] ?? 'InternalError';
    throw new ServiceError(code, /<Message>([^<]*)/.exec(said)?.[1] ?? said, answer.statusCode!);
  }

  #send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders,
    body: Readable | string | Buffer,
  ): Promise<IncomingMessage> {
    const { engine, region } = this.#options;
    // The engine finds the service by the signature's scope, but does not check it.
    const authorization = `AWS4-HMAC-SHA256 Credential=pinflow/20250101/${region}/s3/aws4_request, SignedHeaders=host, Signature=0`;
    return new Promise((resolve, reject) => {
      const outgoing = send(
        {
          host: '127.0.0.1',
          port: engine.port,
          agent: this.#agent,
          method,
          path,
          headers: { ...headers, authorization },
        },
        resolve,
      );
      outgoing.on('error', reject);
      if (typeof body === 'string' || Buffer.isBuffer(body)) outgoing.end(body);
      else pipeline(body, outgoing).catch(reject);
    });
  }
}

function forwarded(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith(':') && !NOT_FORWARDED.has(name)),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(escaped: string): string {
  return escaped.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? all;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal));
  });
}
