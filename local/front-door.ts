import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorizer } from './access/authorizer.ts';
import type { AccessRequest, Caller } from './access/caller.ts';
import { ADMINISTRATOR_KEY, type RoleDirectory } from './access/identities.ts';
import { type Protocol, protocolOf, readBody, sendError, sendJson, sendXml, xml } from './door/answers.ts';
import { type Credential, credentialOf } from './door/credential.ts';
import { DualListener } from './door/listener.ts';
import { listen } from './door/ports.ts';
import type { FaultSource } from './faults/faults.ts';
import type { ObservedCall } from './services/cloudwatch/sources/call-metrics.ts';
import {
  type FrontDoor,
  type HttpService,
  type JsonObject,
  type JsonService,
  type QueryService,
  ServiceError,
} from './services/service.ts';

export interface FrontDoorOptions {
  readonly identities: RoleDirectory;
  readonly authorizer: Authorizer;
  /** @default - calls meet none */
  readonly faults?: FaultSource;
  /** What `GET /_pinflow/health` answers. Until `ready`, every call over HTTP is put off with a 503. */
  readonly health: () => JsonObject & { readonly ready: boolean };
  /** Told of faults of the runtime's own making. */
  readonly fault: (error: unknown, operation: string) => void;
}

export type CallObserver = (call: ObservedCall) => void;

/** DynamoDB's BatchWriteItem takes 16 MB, Kinesis' PutRecords 10 MiB, in base64. */
const BODY_LIMIT = 20 * 1024 * 1024;
export const HEALTH_PATH = '/_pinflow/health';

/**
 * The one endpoint of every service, for SDKs and tools over HTTP and for the runtime's own parts in process. The
 * signing name says which service is called, the access key says by whom.
 */
export class HttpFrontDoor implements FrontDoor {
  readonly #options: FrontDoorOptions;
  readonly #json = new Map<string, JsonService>();
  readonly #query = new Map<string, QueryService>();
  readonly #http = new Map<string, HttpService>();
  readonly #listener: DualListener;
  /** Told of each call of a service of the JSON protocols that access control let through. */
  observe: CallObserver = () => {};

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#listener = new DualListener((request, response) => void this.#serve(request, response));
  }

  addJson(service: JsonService): void {
    this.#json.set(service.name, service);
  }

  addQuery(service: QueryService): void {
    this.#query.set(service.name, service);
  }

  addHttp(service: HttpService): void {
    this.#http.set(service.name, service);
  }

  /** Listens on 127.0.0.1. Port 0 takes any free one. @returns the port @throws PortTakenError */
  listen(port: number): Promise<number> {
    return listen(this.#listener.server, { port, what: "the AWS services' front door", option: '--port' });
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  async call(caller: Caller, service: string, operation: string, input: JsonObject): Promise<JsonObject> {
    const found = this.#json.get(service);
    if (found === undefined) throw this.#unknownService(service);
    const requests = found.access(operation, input);
    for (const request of requests) this.authorize(caller, request);
    const start = performance.now();
    const told = (outcome: Pick<ObservedCall, 'output' | 'error'>): void =>
      this.observe({ service, operation, input, ...outcome, ms: performance.now() - start });
    try {
      for (const request of requests) await this.#options.faults?.meet(request);
      const output = await found.call(operation, input, caller);
      told({ output });
      return output;
    } catch (error) {
      told({ error });
      throw error;
    }
  }

  authorize(caller: Caller, request: AccessRequest): void {
    this.#options.authorizer.authorize(caller, request);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = randomUUID();
    let protocol = protocolOf(request);
    try {
      const query = new URL(request.url ?? '/', 'http://door').searchParams;
      if (request.method === 'GET' && request.url === HEALTH_PATH) {
        sendJson(response, 200, this.#options.health(), requestId);
        return;
      }
      if (!this.#options.health().ready) {
        throw new ServiceError('ServiceUnavailable', 'The local runtime is starting. Try again in a second.', 503);
      }
      const credential = credentialOf(request.headers, query);
      if (credential === undefined) throw unsigned(protocol);
      protocol = this.#http.get(credential.service)?.errors ?? protocol;
      const caller = this.#options.identities.byAccessKey(credential.accessKeyId);
      if (caller === undefined) throw unknownKey(protocol, credential);
      await this.#dispatch(protocol, credential.service, caller, request, response, requestId);
    } catch (error) {
      if (response.headersSent || hungUp(error, request)) {
        response.destroy();
        return;
      }
      const known = error instanceof ServiceError ? error : this.#fault(error, request);
      // What is left of the body is not read: the connection cannot be used again.
      if (!request.complete && request.httpVersionMajor === 1) response.setHeader('connection', 'close');
      sendError(response, protocol, known, requestId);
    }
  }

  async #dispatch(
    protocol: Protocol,
    service: string,
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
  ): Promise<void> {
    const http = this.#http.get(service);
    if (http !== undefined) {
      await http.handle(request, response, caller);
    } else if (this.#json.has(service) && protocol === 'json') {
      const target = String(request.headers['x-amz-target'] ?? '');
      const operation = target.slice(target.lastIndexOf('.') + 1);
      const input = parseJson(await readBody(request, BODY_LIMIT));
      sendJson(response, 200, await this.call(caller, service, operation, input), requestId);
    } else if (this.#query.has(service)) {
      const form = new URLSearchParams((await readBody(request, BODY_LIMIT)).toString());
      const found = this.#query.get(service)!;
      const action = form.get('Action') ?? '';
      for (const needed of found.access(action, form)) this.authorize(caller, needed);
      const result = await found.call(action, form, caller);
      const body = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } };
      sendXml(response, 200, xml(`${action}Response`, body, found.xmlNamespace), requestId);
    } else {
      throw this.#unknownService(service);
    }
  }

  #unknownService(service: string): ServiceError {
    if (this.#json.has(service)) {
      const message = `The local runtime has ${service} in the JSON protocol only, called with X-Amz-Target.`;
      return new ServiceError('UnknownOperationException', message);
    }
    const names = [...new Set([...this.#json.keys(), ...this.#query.keys(), ...this.#http.keys()])].sort();
    return new ServiceError(
      'UnknownOperationException',
      `The local runtime does not have the service ${service}. It has ${names.join(', ')}.`,
    );
  }

  #fault(error: unknown, request: IncomingMessage): ServiceError {
    this.#options.fault(error, String(request.headers['x-amz-target'] ?? `${request.method} ${request.url}`));
    return new ServiceError('InternalFailure', `The local runtime failed: ${(error as Error).message}`, 500);
  }
}

/** Who asked went away before the whole body was there, as a query engine does that cancels what it no longer needs. */
const hungUp = (error: unknown, request: IncomingMessage): boolean => !request.complete && request.errored === error;

function parseJson(body: Buffer): JsonObject {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Refused below, as a value of the wrong type is.
  }
  throw new ServiceError('SerializationException', 'The body is not a JSON object.');
}

const HINT = `The administrator's access key of the local runtime is "${ADMINISTRATOR_KEY}", its secret too.`;

function unsigned(protocol: Protocol): ServiceError {
  const message = `The request is not signed with SigV4. ${HINT}`;
  if (protocol === 'json') return new ServiceError('MissingAuthenticationTokenException', message, 400);
  return new ServiceError(protocol === 'query' ? 'MissingAuthenticationToken' : 'AccessDenied', message, 403);
}

function unknownKey(protocol: Protocol, { accessKeyId }: Credential): ServiceError {
  const message = `The security token included in the request is invalid: nobody here has the access key ${accessKeyId}. ${HINT}`;
  if (protocol === 'json') return new ServiceError('UnrecognizedClientException', message, 400);
  return new ServiceError(protocol === 'query' ? 'InvalidClientTokenId' : 'InvalidAccessKeyId', message, 403);
}
