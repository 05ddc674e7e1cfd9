import type { InvocationResult } from '../lambda/function-definition.ts';
import { ServiceError } from '../service.ts';
import { GatewayError } from './errors.ts';
import type { Answer } from './gateway-responses.ts';
import type { Services } from './integration.ts';
import type { LambdaTarget } from './method.ts';
import { isBinary, type ProxyRequest, proxyEvent } from './proxy-event.ts';
import { malformed, proxyAnswer } from './proxy-response.ts';

/** Lambda, as far as API Gateway needs it. */
export interface Functions {
  readonly permissions: {
    /** Whether the function's own policy lets a service call it on behalf of a resource. */
    allow(functionArn: string, service: string, sourceArn: string): boolean;
  };
  /** @throws ServiceError */
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
}

const SERVICE_PRINCIPAL = 'apigateway.amazonaws.com';
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const PAYLOAD_BYTES = 6 * 1024 * 1024;

/**
 * Hands a request to a function, whose answer is the answer.
 * @throws GatewayError 413 above Lambda's limit; 500 when the function may not be called or is throttled; 502 when it
 * failed or returned another shape
 */
export async function invokeProxy(target: LambdaTarget, request: ProxyRequest, services: Services): Promise<Answer> {
  const event = JSON.stringify(proxyEvent(request));
  if (Buffer.byteLength(event) > PAYLOAD_BYTES) throw new GatewayError('REQUEST_TOO_LARGE', 'Request Too Long');
  let result: InvocationResult;
  try {
    admit(target, request, services);
    result = await services.functions.invoke(target.functionArn, event);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    noteStatus(request, error.status);
    throw new GatewayError('API_CONFIGURATION_ERROR', 'Internal server error');
  }
  if (result.failed) {
    noteStatus(request, 200);
    throw malformed();
  }
  const accept = request.rawHeaders.findLast((_, at, all) => at % 2 === 1 && all[at - 1]!.toLowerCase() === 'accept');
  const accepted = accept?.split(',')[0]?.split(';')[0]?.trim().toLowerCase() ?? '';
  return proxyAnswer(result.payload, isBinary(accepted, request.binaryMediaTypes));
}

/**
 * What Lambda answers, not the function.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
 */
function noteStatus({ context }: ProxyRequest, status: number): void {
  context.set({ 'integration.status': status, integrationStatus: status });
}

/** By the role of the integration, or by the function's policy. @throws ServiceError */
function admit(
  { functionArn, roleArn }: LambdaTarget,
  { context, method, resource }: ProxyRequest,
  services: Services,
) {
  const { account, region, functions, frontDoor, identities } = services;
  if (roleArn !== undefined) {
    const caller = identities.assume(roleArn, SERVICE_PRINCIPAL);
    frontDoor.authorize(caller, { action: 'lambda:InvokeFunction', resource: functionArn });
    return;
  }
  const api = `${context.get('apiId')}/${context.get('stage')}`;
  const sourceArn = `arn:aws:execute-api:${region}:${account}:${api}/${method}${resource}`;
  if (!functions.permissions.allow(functionArn, SERVICE_PRINCIPAL, sourceArn)) {
    throw new ServiceError('AccessDeniedException', `Invalid permissions on Lambda function ${functionArn}`, 403);
  }
}
