import { randomBytes } from 'node:crypto';
import type { Context } from './context.ts';

/** A request as it came, with the parameters that mapping templates see by their last value only. */
export interface ProxyRequest {
  readonly method: string;
  /** Of the resource, such as `/topics/{topic-name}`. */
  readonly resource: string;
  /** Below the stage. */
  readonly path: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Names and values in turn, as `IncomingMessage.rawHeaders`. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Of the RestApi. */
  readonly binaryMediaTypes: readonly string[];
  readonly contentType: string;
  readonly account: string;
  readonly port: number;
  readonly context: Context;
  readonly stageVariables: Readonly<Record<string, string>>;
}

/**
 * The event of a Lambda proxy integration, format 1.0.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function proxyEvent(request: ProxyRequest): Readonly<Record<string, unknown>> {
  const { context, body, query } = request;
  const headers = allHeaders(request);
  const queries = grouped(query);
  const isBase64Encoded = body.length > 0 && isBinary(request.contentType, request.binaryMediaTypes);
  return {
    resource: request.resource,
    path: request.path,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: orNull(lastOf(queries)),
    multiValueQueryStringParameters: orNull(Object.fromEntries(queries)),
    pathParameters: orNull(request.pathParameters),
    stageVariables: orNull(request.stageVariables),
    requestContext: {
      accountId: request.account,
      apiId: context.get('apiId'),
      domainName: context.get('domainName'),
      domainPrefix: context.get('domainName')?.split('.')[0],
      extendedRequestId: context.get('extendedRequestId'),
      httpMethod: request.method,
      identity: identityOf(context),
      path: `/${context.get('stage')}${request.path}`,
      protocol: context.get('protocol'),
      requestId: context.get('requestId'),
      requestTime: context.get('requestTime'),
      requestTimeEpoch: Number(context.get('requestTimeEpoch')),
      resourceId: context.get('resourceId'),
      resourcePath: request.resource,
      stage: context.get('stage'),
    },
    body: body.length === 0 ? null : body.toString(isBase64Encoded ? 'base64' : 'utf8'),
    isBase64Encoded,
  };
}

const identityOf = (context: Context) => ({
  accessKey: context.get('identity.caller'),
  accountId: context.get('identity.accountId'),
  ...(context.get('identity.apiKey') !== null && {
    apiKey: context.get('identity.apiKey'),
    apiKeyId: context.get('identity.apiKeyId'),
  }),
  caller: context.get('identity.caller'),
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  sourceIp: context.get('identity.sourceIp'),
  user: context.get('identity.user'),
  userAgent: context.get('identity.userAgent'),
  userArn: context.get('identity.userArn'),
});

type Values = Map<string, string[]>;

/** With those that API Gateway adds. */
function allHeaders({ rawHeaders, context, port }: ProxyRequest): Values {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  const seconds = Math.floor(Number(context.get('requestTimeEpoch')) / 1_000).toString(16);
  pairs.push(
    ['X-Amzn-Trace-Id', `Root=1-${seconds}-${randomBytes(12).toString('hex')}`],
    ['X-Forwarded-For', context.get('identity.sourceIp') ?? '127.0.0.1'],
    ['X-Forwarded-Port', String(port)],
    ['X-Forwarded-Proto', 'http'],
  );
  return grouped(pairs);
}

function grouped(pairs: Iterable<[string, string]>): Values {
  const values: Values = new Map();
  for (const [name, value] of pairs) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}

const lastOf = (values: Values): Record<string, string> =>
  Object.fromEntries([...values].map(([name, all]) => [name, all.at(-1)!]));

const orNull = <T extends object>(value: T): T | null => (Object.keys(value).length > 0 ? value : null);

/**
 * Whether bodies of a content type are bytes to this API; a type may be `image/*`.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html
 */
export function isBinary(contentType: string, binaryMediaTypes: readonly string[]): boolean {
  const [family] = contentType.split('/');
  return binaryMediaTypes.some((type) => [contentType, `${family}/*`, '*/*'].includes(type.toLowerCase()));
}
