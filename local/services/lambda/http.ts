import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../access/caller.ts';
import { readBody } from '../../door/answers.ts';
import { type FrontDoor, type HttpService, ServiceError } from '../service.ts';
import type { MappingDefinition } from './event-sources/event-source-mapping.ts';
import { type LambdaService, nameOf } from './service.ts';

export interface LambdaHttpOptions {
  readonly frontDoor: Pick<FrontDoor, 'authorize'>;
  readonly functions: Pick<LambdaService, 'arn' | 'invoke' | 'reserve' | 'reserved' | 'reservedConcurrency'>;
  readonly mappings: { readonly definitions: readonly MappingDefinition[]; readonly runningSince: Date };
}

/** Of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6 * 1_024 * 1_024;
const INVOCATIONS = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;
const CONCURRENCY = /^\/20(?:17-10-31|19-09-30)\/functions\/([^/]+)\/concurrency$/;
const SETTINGS = /^\/2016-08-19\/account-settings\/?$/;
const MAPPINGS = /^\/2015-03-31\/event-source-mappings\/?$/;

/** Of a new account: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const CONCURRENT_EXECUTIONS = 1_000;

/** Lambda as its clients call it: paths and headers, JSON bodies. */
export class LambdaHttp implements HttpService {
  readonly name = 'lambda';
  readonly errors = 'json';
  readonly #options: LambdaHttpOptions;

  constructor(options: LambdaHttpOptions) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://lambda');
    const name = INVOCATIONS.exec(pathname)?.[1];
    const limited = CONCURRENCY.exec(pathname)?.[1];
    if (request.method === 'POST' && name !== undefined) {
      await this.#invoke(nameOf(decodeURIComponent(name)), request, response, caller);
    } else if (request.method === 'GET' && MAPPINGS.test(pathname)) {
      this.#listMappings(searchParams, response, caller);
    } else if (limited !== undefined) {
      await this.#concurrency(nameOf(decodeURIComponent(limited)), request, response, caller);
    } else if (request.method === 'GET' && SETTINGS.test(pathname)) {
      this.#settings(response, caller);
    } else {
      throw unknown(`the operation ${request.method} ${pathname}`);
    }
  }

  /** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
  async #invoke(name: string, request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { frontDoor, functions } = this.#options;
    frontDoor.authorize(caller, { action: 'lambda:InvokeFunction', resource: functions.arn(name) });
    const type = String(request.headers['x-amz-invocation-type'] ?? 'RequestResponse');
    if (type !== 'RequestResponse') {
      throw new ServiceError(
        'InvalidParameterValueException',
        `The local Lambda does not have ${type} invocations; use RequestResponse.`,
      );
    }
    const event = (await readBody(request, PAYLOAD_BYTES)).toString() || '{}';
    if (!isJson(event)) throw new ServiceError('InvalidRequestContentException', 'The payload is not JSON.');
    const { requestId, payload, failed } = await functions.invoke(name, event);
    send(response, payload, {
      'x-amzn-requestid': requestId,
      'x-amz-executed-version': '$LATEST',
      ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
    });
  }

  /** https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html */
  async #concurrency(name: string, request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const { frontDoor, functions } = this.#options;
    const { method = '' } = request;
    const operation = { GET: 'Get', PUT: 'Put', DELETE: 'Delete' }[method];
    if (operation === undefined) throw unknown(`${method} of a function's concurrency`);
    frontDoor.authorize(caller, { action: `lambda:${operation}FunctionConcurrency`, resource: functions.arn(name) });
    if (method === 'DELETE') {
      functions.reserve(name, undefined);
      response.writeHead(204).end();
      return;
    }
    if (method === 'PUT') functions.reserve(name, executionsIn(await readBody(request, PAYLOAD_BYTES)));
    const reserved = functions.reserved(name);
    send(response, JSON.stringify(reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved }));
  }

  /** https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html */
  #settings(response: ServerResponse, caller: Caller): void {
    const { frontDoor, functions } = this.#options;
    frontDoor.authorize(caller, { action: 'lambda:GetAccountSettings', resource: '*' });
    const AccountLimit = {
      ConcurrentExecutions: CONCURRENT_EXECUTIONS,
      UnreservedConcurrentExecutions: CONCURRENT_EXECUTIONS - functions.reservedConcurrency,
    };
    send(response, JSON.stringify({ AccountLimit }));
  }

  /** https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html */
  #listMappings(query: URLSearchParams, response: ServerResponse, caller: Caller): void {
    const { frontDoor, functions, mappings } = this.#options;
    frontDoor.authorize(caller, { action: 'lambda:ListEventSourceMappings', resource: '*' });
    const [wanted, source] = [query.get('FunctionName'), query.get('EventSourceArn')];
    const found = mappings.definitions.filter(
      ({ functionArn, sourceArn }) =>
        (wanted === null || functionArn === functions.arn(nameOf(wanted))) && (source === null || sourceArn === source),
    );
    const listed = found.map(({ id, functionArn, sourceArn, start, batch, kafka }) => ({
      UUID: id,
      StartingPosition: start.type,
      BatchSize: batch.batchSize,
      MaximumBatchingWindowInSeconds: batch.windowMs / 1_000,
      ...(kafka === undefined
        ? { ParallelizationFactor: 1 }
        : { Topics: [kafka.topic], AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: kafka.group } }),
      EventSourceArn: sourceArn,
      FunctionArn: functionArn,
      LastModified: mappings.runningSince.getTime() / 1_000,
      State: 'Enabled',
      MaximumRecordAgeInSeconds: unlimited(batch.maxAgeMs / 1_000),
      BisectBatchOnFunctionError: batch.bisect,
      MaximumRetryAttempts: unlimited(batch.maxRetries),
      TumblingWindowInSeconds: (batch.tumblingMs ?? 0) / 1_000,
    }));
    send(response, JSON.stringify({ EventSourceMappings: listed }));
  }
}

function send(response: ServerResponse, json: string, headers: Readonly<Record<string, string>> = {}): void {
  const body = Buffer.from(json);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length, ...headers });
  response.end(body);
}

const unknown = (what: string): ServiceError =>
  new ServiceError('UnknownOperationException', `The local Lambda does not have ${what}.`, 404);

/** @throws ServiceError InvalidParameterValueException */
function executionsIn(body: Buffer): number {
  const { ReservedConcurrentExecutions: executions } = JSON.parse(body.toString() || '{}');
  if (Number.isInteger(executions) && executions >= 0) return executions;
  throw new ServiceError('InvalidParameterValueException', 'ReservedConcurrentExecutions is a number from 0.');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const unlimited = (limit: number): number => (Number.isFinite(limit) ? limit : -1);
