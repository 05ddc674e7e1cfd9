import type { Caller, Identities } from '../../access/caller.ts';
import { type FrontDoor, type JsonObject, ServiceError } from '../service.ts';
import type { Context } from './context.ts';
import { GatewayError } from './errors.ts';
import type { Answer } from './gateway-responses.ts';
import type { AwsTarget, Integration, IntegrationResponse, Method } from './method.ts';
import { type Functions, invokeProxy } from './proxy.ts';
import type { ProxyRequest } from './proxy-event.ts';
import { matchesWhole } from './vtl/java-regexp.ts';
import { type Parameters, Payload } from './vtl/scope.ts';

export interface Services {
  readonly frontDoor: FrontDoor;
  readonly identities: Identities & { byAccessKey(accessKeyId: string): Caller | undefined };
  readonly functions: Functions;
  readonly account: string;
  readonly region: string;
}

/** One request on its way through a method. */
export interface Exchange {
  readonly method: Method;
  readonly payload: Payload;
  /** As it came, for functions. */
  readonly request: ProxyRequest;
  /** Without parameters, in lower case. */
  readonly contentType: string;
  readonly parameters: Parameters;
  readonly context: Context;
  readonly stageVariables: Readonly<Record<string, string>>;
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

const SERVICE_PRINCIPAL = 'apigateway.amazonaws.com';

/**
 * Request template, call, response template.
 * @throws GatewayError where API Gateway answers itself; MappingTemplateError where a template fails
 */
export async function integrate(exchange: Exchange, services: Services): Promise<Answer> {
  const { integration } = exchange.method;
  const { target } = integration;
  const start = performance.now();
  if (target.type === 'AWS_PROXY') {
    const answered = await withTimeout(invokeProxy(target, exchange.request, services), integration);
    noteIntegration(exchange.context, 200, start);
    return answered;
  }
  const body = requestBody(exchange);
  const reply =
    target.type === 'MOCK' ? mock(body) : await withTimeout(callService(target, body, services), integration);
  noteIntegration(exchange.context, reply.status, start);
  return answer(exchange, reply);
}

function noteIntegration(context: Context, status: number, start: number): void {
  const latency = Math.round(performance.now() - start);
  context.set({
    'integration.status': status,
    integrationStatus: status,
    'integration.latency': latency,
    integrationLatency: latency,
  });
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html */
function requestBody(exchange: Exchange): string {
  const { templates, passthrough } = exchange.method.integration;
  const template = templates.get(exchange.contentType);
  if (template) return template.render({ ...exchange });
  if (passthrough === 'WHEN_NO_MATCH' || (passthrough === 'WHEN_NO_TEMPLATES' && templates.size === 0)) {
    return exchange.payload.text;
  }
  throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', 'Unsupported Media Type');
}

function mock(body: string): Reply {
  const status = /["']?statusCode["']?\s*:\s*"?(\d{3})\b/.exec(body)?.[1];
  if (!status) throw new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error');
  return { status: Number(status), body: '' };
}

async function callService(target: AwsTarget, body: string, { frontDoor, identities }: Services): Promise<Reply> {
  try {
    const caller = identities.assume(target.roleArn, SERVICE_PRINCIPAL);
    const output = await frontDoor.call(caller, target.service, target.action, inputOf(body));
    return { status: 200, body: JSON.stringify(output) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return {
      status: error.status,
      body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }),
    };
  }
}

/** @throws ServiceError as services of the JSON protocol answer to what is no JSON object */
function inputOf(body: string): JsonObject {
  try {
    const input: unknown = JSON.parse(body);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject;
  } catch {
    // Said below.
  }
  throw new ServiceError('SerializationException', 'The rendered request is not a JSON object');
}

async function withTimeout<T>(reply: Promise<T>, { timeoutMs }: Integration): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new GatewayError('INTEGRATION_TIMEOUT', 'Endpoint request timed out')), timeoutMs);
  });
  try {
    return await Promise.race([reply, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function answer(exchange: Exchange, reply: Reply): Answer {
  const { context } = exchange;
  const response = select(exchange.method.integration.responses, String(reply.status));
  if (!response) throw new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error');
  const body = response.template
    ? response.template.render({ ...exchange, payload: new Payload(reply.body) })
    : reply.body;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  for (const [name, source] of response.headers) {
    const value = source.startsWith("'") ? source.slice(1, -1) : integrationHeader(source, context);
    if (value !== undefined) setHeader(headers, name, value);
  }
  for (const [name, value] of Object.entries(context.responseHeaders)) setHeader(headers, name, value);
  const status = Number(context.get('responseOverride.status') ?? response.status);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error');
  }
  return { status, headers, body };
}

/** A pattern must match the whole status; the response without one takes the rest. */
function select(responses: readonly IntegrationResponse[], status: string): IntegrationResponse | undefined {
  return (
    responses.find(({ pattern }) => pattern !== undefined && matchesWhole(status, pattern)) ??
    responses.find(({ pattern }) => pattern === undefined)
  );
}

function integrationHeader(source: string, context: Context): string | undefined {
  const known: Record<string, string | null> = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-requestid': context.get('requestId'),
  };
  return known[source.slice('integration.response.header.'.length).toLowerCase()] ?? undefined;
}

/** Later ones replace earlier ones, whatever their case. */
function setHeader(headers: Record<string, string>, name: string, value: string): void {
  for (const each of Object.keys(headers)) if (each.toLowerCase() === name.toLowerCase()) delete headers[each];
  headers[name] = value;
}
