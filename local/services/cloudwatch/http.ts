import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { cbor, tag } from '@smithy/core/cbor';
import type { Caller } from '../../access/caller.ts';
import { escapeXml, readBody } from '../../door/answers.ts';
import { type FrontDoor, type HttpService, type JsonObject, ServiceError } from '../service.ts';
import { type CloudWatchService, withSeconds } from './service.ts';

const BODY_LIMIT = 1_048_576;
const CBOR_PATH = /^\/service\/GraniteServiceVersion20100801\/operation\/(\w+)$/;
const XMLNS = 'http://monitoring.amazonaws.com/doc/2010-08-01/';

/** Shape of an error -> its code in the query protocol, which newer protocols tell in a header. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  AccessDeniedException: 'AccessDenied',
  DashboardNotFoundError: 'ResourceNotFound',
  InvalidParameterCombinationException: 'InvalidParameterCombination',
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
  UnknownOperationException: 'InvalidAction',
};

interface Decoded {
  readonly operation: string;
  readonly input: JsonObject;
}

interface Protocol {
  decode(request: IncomingMessage, body: Buffer): Decoded;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  encode(operation: string, output: JsonObject, requestId: string): Uint8Array | string;
  encodeError(error: ServiceError, requestId: string): Uint8Array | string;
}

/** https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html */
const CBOR: Protocol = {
  contentType: 'application/cbor',
  headers: { 'smithy-protocol': 'rpc-v2-cbor' },
  decode: ({ url = '/' }, body) => ({
    operation: CBOR_PATH.exec(url)?.[1] ?? url,
    input: body.length === 0 ? {} : (untagged(cbor.deserialize(body)) as JsonObject),
  }),
  encode: (_, output) => cbor.serialize(tagged(output)),
  encodeError: ({ code, message }) =>
    cbor.serialize({ __type: `com.amazonaws.cloudwatch#${code}`, message, Message: message }),
};

/** https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
const JSON_1_0: Protocol = {
  contentType: 'application/x-amz-json-1.0',
  headers: {},
  decode: ({ headers }, body) => ({
    operation: String(headers['x-amz-target']).split('.').at(-1)!,
    input: body.length === 0 ? {} : (JSON.parse(body.toString()) as JsonObject),
  }),
  encode: (_, output) => JSON.stringify(withSeconds(output)),
  encodeError: ({ code, message }) =>
    JSON.stringify({ __type: `com.amazonaws.cloudwatch#${code}`, message, Message: message }),
};

/** https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
const QUERY: Protocol = {
  contentType: 'text/xml',
  headers: {},
  decode: (_, body) => {
    const { Action, Version: _version, ...input } = nested(new URLSearchParams(body.toString()));
    return { operation: String(Action), input };
  },
  encode: (operation, output, requestId) =>
    `<${operation}Response xmlns="${XMLNS}">${element(`${operation}Result`, output)}` +
    `${element('ResponseMetadata', { RequestId: requestId })}</${operation}Response>`,
  encodeError: ({ code, message, status }, requestId) => {
    const error = { Type: status < 500 ? 'Sender' : 'Receiver', Code: QUERY_CODES[code] ?? code, Message: message };
    return `<ErrorResponse xmlns="${XMLNS}">${element('Error', error)}${element('RequestId', requestId)}</ErrorResponse>`;
  },
};

/** CloudWatch for its clients, in each of the protocols that they speak. */
export class CloudWatchHttp implements HttpService {
  readonly name = 'monitoring';
  readonly errors = 'json';
  readonly #frontDoor: Pick<FrontDoor, 'authorize'>;
  readonly #service: Pick<CloudWatchService, 'access' | 'answer'>;

  constructor({
    frontDoor,
    service,
  }: {
    readonly frontDoor: Pick<FrontDoor, 'authorize'>;
    readonly service: Pick<CloudWatchService, 'access' | 'answer'>;
  }) {
    this.#frontDoor = frontDoor;
    this.#service = service;
  }

  async handle(request: IncomingMessage, response: ServerResponse, caller: Caller): Promise<void> {
    const protocol = protocolOf(request);
    const requestId = randomUUID();
    const send = (status: number, body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}): void => {
      const bytes = Buffer.from(body as Uint8Array);
      const own = {
        'content-type': protocol.contentType,
        'content-length': bytes.length,
        'x-amzn-requestid': requestId,
      };
      response.writeHead(status, { ...own, ...protocol.headers, ...headers });
      response.end(bytes);
    };
    try {
      const { operation, input } = decoded(protocol, request, await bodyOf(request));
      for (const needed of this.#service.access(operation, input)) this.#frontDoor.authorize(caller, needed);
      send(200, protocol.encode(operation, this.#service.answer(operation, input), requestId));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const { code, status } = error;
      const fault = status < 500 ? 'Sender' : 'Receiver';
      const denied = code === 'AccessDeniedException' ? 403 : status;
      send(denied, protocol.encodeError(error, requestId), {
        'x-amzn-query-error': `${QUERY_CODES[code] ?? code};${fault}`,
      });
    }
  }
}

function protocolOf({ headers }: IncomingMessage): Protocol {
  if (headers['smithy-protocol'] === 'rpc-v2-cbor') return CBOR;
  return headers['x-amz-target'] === undefined ? QUERY : JSON_1_0;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const body = await readBody(request, BODY_LIMIT);
  // PutMetricData is compressed by the SDKs when it is large.
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: BODY_LIMIT * 10 }) : body;
}

function decoded(protocol: Protocol, request: IncomingMessage, body: Buffer): Decoded {
  try {
    return protocol.decode(request, body);
  } catch {
    throw new ServiceError('SerializationException', 'The body cannot be read.');
  }
}

/** Tag 1 is a time in seconds. */
function untagged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untagged);
  if (value instanceof Date || typeof value !== 'object' || value === null)
    return typeof value === 'bigint' ? Number(value) : value;
  if ('tag' in value && 'value' in value) return new Date(Number(value.value) * 1_000);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, untagged(one)]));
}

function tagged(value: unknown): unknown {
  if (value instanceof Date) return tag({ tag: 1, value: value.getTime() / 1_000 });
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, tagged(one)]));
}

type Tree = { [key: string]: Tree | string };

/** `A.member.1.B=x` as `{A: [{B: 'x'}]}`. */
function nested(form: URLSearchParams): JsonObject {
  const root: Tree = {};
  for (const [path, value] of form) {
    const steps = path.split('.');
    if (steps.some((step) => step === '__proto__')) continue;
    let at = root;
    for (const step of steps.slice(0, -1)) {
      const below = at[step];
      const next: Tree = typeof below === 'object' ? below : {};
      at[step] = next;
      at = next;
    }
    at[steps.at(-1)!] = value;
  }
  return listed(root) as JsonObject;
}

function listed(tree: Tree | string): unknown {
  if (typeof tree === 'string') return tree;
  const members = tree['member'];
  if (typeof members === 'object') {
    return Object.entries(members)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, one]) => listed(one));
  }
  return Object.fromEntries(Object.entries(tree).map(([key, one]) => [key, listed(one)]));
}

/** Members that are maps, which have entries in XML. */
const MAPS = new Set(['ExtendedStatistics']);

function element(name: string, value: unknown): string {
  if (value === undefined) return '';
  return `<${name}>${content(name, value)}</${name}>`;
}

function content(name: string, value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((one) => element('member', one)).join('');
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  const entries = Object.entries(value);
  if (MAPS.has(name)) return entries.map(([key, one]) => element('entry', { key, value: one })).join('');
  return entries.map(([key, one]) => element(key, one)).join('');
}
