import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ApiRequest } from '../cloudwatch/sources/observers.ts';
import { authorize } from './authorization.ts';
import { readBody } from './body.ts';
import { Context } from './context.ts';
import { GatewayError } from './errors.ts';
import type { Answer } from './gateway-responses.ts';
import { integrate, type Services } from './integration.ts';
import { partsOf } from './routes.ts';
import type { Stage } from './stage.ts';
import { checkParameters } from './validation.ts';
import { type Parameters, Payload } from './vtl/scope.ts';
import { MappingTemplateError } from './vtl/template.ts';

export interface Hooks {
  /** Something that the caller is told as a bare 5xx. */
  failed(message: string): void;
  accessed(stage: Stage, line: string): void;
  answered(request: ApiRequest): void;
}

const DEFAULT_CONTENT_TYPE = 'application/json';

/** Answers one HTTP request, from the route to the access log. Never throws. */
export async function handle(
  request: IncomingMessage,
  stage: Stage,
  services: Services,
  hooks: Hooks,
): Promise<Answer> {
  const started = performance.now();
  const context = contextOf(request, stage);
  const parameters = { path: {}, querystring: queryOf(request), header: headersOf(request) };
  const answer = await answerTo(request, stage, services, hooks, context, parameters);
  const latency = Math.round(performance.now() - started);
  context.set({ status: answer.status, responseLength: Buffer.byteLength(answer.body), responseLatency: latency });
  const integration = context.get('integrationLatency');
  hooks.answered({
    api: stage.api.apiName,
    stage: stage.name,
    status: answer.status,
    latency,
    integrationLatency: integration === undefined ? undefined : Number(integration),
  });
  if (stage.accessLog) hooks.accessed(stage, stage.accessLog.format.fill(context, stage.variables));
  const ids = { 'x-amzn-RequestId': context.get('requestId')!, 'x-amz-apigw-id': context.get('extendedRequestId')! };
  return { ...answer, headers: { ...ids, ...answer.headers } };
}

async function answerTo(
  request: IncomingMessage,
  stage: Stage,
  services: Services,
  hooks: Hooks,
  context: Context,
  parameters: Parameters,
): Promise<Answer> {
  try {
    return await pass(request, stage, services, context, parameters);
  } catch (error) {
    const told = error instanceof GatewayError ? error : internalError(error);
    if (!(error instanceof GatewayError) || error.responseType === 'API_CONFIGURATION_ERROR') {
      const route = `${request.method} ${context.get('resourcePath') ?? request.url}`;
      const detail =
        error instanceof GatewayError || error instanceof MappingTemplateError ? error.message : stackOf(error);
      hooks.failed(`API Gateway, request ${context.get('requestId')} of ${route}: ${detail}`);
    }
    return stage.api.gatewayResponses.answer(told, context, parameters, stage.variables);
  }
}

async function pass(
  request: IncomingMessage,
  stage: Stage,
  services: Services,
  context: Context,
  given: Parameters,
): Promise<Answer> {
  // Before anything refuses it: an unread body would cost the connection.
  const body = await readBody(request);
  const parts = partsIn(request, stage);
  const match = stage.find(parts, request.method ?? 'GET');
  if (!match) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN', 'Missing Authentication Token');
  const { method, resource } = match;
  context.set({ resourcePath: resource.path, resourceId: resource.id });
  if (method.auth === 'AWS_IAM') context.set(await authorize(request, body, parts, stage, services));
  if (method.apiKeyRequired) context.set(stage.apiKeys.admit(request.headers['x-api-key'], stage));
  if (!stage.admits(match)) throw new GatewayError('THROTTLED', 'Too Many Requests');
  const payload = new Payload(body.toString('utf8'));
  const contentType = contentTypeOf(request);
  const parameters = { ...given, path: match.parameters };
  const validator = stage.api.validators.get(method.validatorId ?? '');
  if (validator?.parameters) checkParameters(method.requiredParameters, parameters);
  const model = method.models[contentType];
  if (validator?.body && model) stage.api.models.get(model)!.check(payload);
  const stageVariables = stage.variables;
  const proxied = {
    method: request.method ?? 'GET',
    resource: resource.path,
    path: `/${parts.join('/')}`,
    pathParameters: match.parameters,
    query: searchOf(request),
    rawHeaders: request.rawHeaders,
    body,
    binaryMediaTypes: stage.api.binaryMediaTypes,
    contentType,
    account: services.account,
    port: request.socket.localPort ?? 0,
    context,
    stageVariables,
  };
  return integrate({ method, payload, request: proxied, contentType, parameters, context, stageVariables }, services);
}

function partsIn(request: IncomingMessage, stage: Stage): string[] {
  try {
    return partsOf(stage.api.root, pathOf(request));
  } catch {
    throw new GatewayError('DEFAULT_4XX', 'The path has a broken percent-encoding');
  }
}

const internalError = (error: unknown): GatewayError =>
  new GatewayError(
    error instanceof MappingTemplateError ? 'API_CONFIGURATION_ERROR' : 'INTEGRATION_FAILURE',
    'Internal server error',
  );

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

function contextOf(request: IncomingMessage, stage: Stage): Context {
  const now = new Date();
  const context = new Context();
  context.set({
    apiId: stage.api.apiId,
    domainName: request.headers.host,
    extendedRequestId: randomUUID().replaceAll('-', '').slice(0, 16),
    httpMethod: request.method,
    'identity.sourceIp': request.socket.remoteAddress?.replace(/^::ffff:/, ''),
    'identity.userAgent': request.headers['user-agent'],
    path: pathOf(request),
    protocol: `HTTP/${request.httpVersion}`,
    requestId: randomUUID(),
    requestTime: commonLogTime(now),
    requestTimeEpoch: now.getTime(),
    stage: stage.name,
  });
  return context;
}

/** `21/Nov/2026:09:15:00 +0000` */
function commonLogTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(' ') as [string, string, string, string, string];
  return `${day}/${month}/${year}:${time} +0000`;
}

const splitUrl = (request: IncomingMessage): string[] =>
  (request.url ?? '/').replace(/^https?:\/\/[^/]*/i, '').split('?');

const pathOf = (request: IncomingMessage): string => splitUrl(request)[0] || '/';

/** The last of several values counts. */
const queryOf = (request: IncomingMessage): Record<string, string> => Object.fromEntries(searchOf(request));

const searchOf = (request: IncomingMessage): URLSearchParams =>
  new URLSearchParams(splitUrl(request).slice(1).join('?'));

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers[rawHeaders[i]!] = rawHeaders[i + 1]!;
  return headers;
}

function contentTypeOf(request: IncomingMessage): string {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type || DEFAULT_CONTENT_TYPE;
}
