import type { Context } from './context.ts';
import { ApiGatewayConfigurationError, type GatewayError } from './errors.ts';
import { Substitution } from './substitution.ts';
import type { Parameters } from './vtl/scope.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string | Buffer;
}

interface Kind {
  readonly status: number;
  /** The value of `x-amzn-ErrorType`. */
  readonly error: string;
}

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html */
const KINDS: Readonly<Record<string, Kind>> = {
  ACCESS_DENIED: { status: 403, error: 'AccessDeniedException' },
  API_CONFIGURATION_ERROR: { status: 500, error: 'InternalServerErrorException' },
  AUTHORIZER_CONFIGURATION_ERROR: { status: 500, error: 'AuthorizerConfigurationException' },
  AUTHORIZER_FAILURE: { status: 500, error: 'AuthorizerConfigurationException' },
  BAD_REQUEST_BODY: { status: 400, error: 'BadRequestException' },
  BAD_REQUEST_PARAMETERS: { status: 400, error: 'BadRequestException' },
  DEFAULT_4XX: { status: 400, error: 'BadRequestException' },
  DEFAULT_5XX: { status: 500, error: 'InternalServerErrorException' },
  EXPIRED_TOKEN: { status: 403, error: 'ExpiredTokenException' },
  INTEGRATION_FAILURE: { status: 504, error: 'InternalServerErrorException' },
  INTEGRATION_TIMEOUT: { status: 504, error: 'InternalServerErrorException' },
  INVALID_API_KEY: { status: 403, error: 'ForbiddenException' },
  INVALID_SIGNATURE: { status: 403, error: 'InvalidSignatureException' },
  MISSING_AUTHENTICATION_TOKEN: { status: 403, error: 'MissingAuthenticationTokenException' },
  QUOTA_EXCEEDED: { status: 429, error: 'LimitExceededException' },
  REQUEST_TOO_LARGE: { status: 413, error: 'RequestTooLargeException' },
  RESOURCE_NOT_FOUND: { status: 404, error: 'NotFoundException' },
  THROTTLED: { status: 429, error: 'TooManyRequestsException' },
  UNAUTHORIZED: { status: 401, error: 'UnauthorizedException' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, error: 'UnsupportedMediaTypeException' },
  WAF_FILTERED: { status: 403, error: 'ForbiddenException' },
};

const HEADER = 'gatewayresponse.header.';
const JSON_TYPE = 'application/json';

interface Custom {
  readonly status: number | undefined;
  readonly template: Substitution | undefined;
  readonly headers: readonly (readonly [string, string])[];
}

/** How an API answers what never reaches an integration. */
export class GatewayResponses {
  readonly #custom: ReadonlyMap<string, Custom>;

  constructor(custom: ReadonlyMap<string, Custom> = new Map()) {
    this.#custom = custom;
  }

  /**
   * @param properties of an AWS::ApiGateway::GatewayResponse
   * @throws ApiGatewayConfigurationError
   */
  with(properties: Readonly<Record<string, unknown>>, place: string): GatewayResponses {
    const type = String(properties['ResponseType']);
    if (!Object.hasOwn(KINDS, type))
      throw new ApiGatewayConfigurationError(place, `no response type ${type} is known here`);
    return new GatewayResponses(new Map([...this.#custom, [type, custom(properties, place)]]));
  }

  answer(
    error: GatewayError,
    context: Context,
    parameters: Parameters,
    stageVariables: Readonly<Record<string, string>>,
  ): Answer {
    const kind = KINDS[error.responseType]!;
    context.set({
      'error.message': error.message,
      'error.messageString': JSON.stringify(error.message),
      'error.responseType': error.responseType,
      'error.validationErrorString': error.validation,
    });
    const fallback = kind.status < 500 ? 'DEFAULT_4XX' : 'DEFAULT_5XX';
    const own = this.#custom.get(error.responseType) ?? this.#custom.get(fallback);
    const headers: Record<string, string> = { 'content-type': JSON_TYPE, 'x-amzn-ErrorType': kind.error };
    for (const [name, source] of own?.headers ?? []) {
      const value = source.startsWith("'") ? source.slice(1, -1) : requestValue(source, parameters);
      if (value !== undefined) headers[name.toLowerCase() === 'content-type' ? 'content-type' : name] = value;
    }
    const body = own?.template?.fill(context, stageVariables) ?? JSON.stringify({ message: error.message });
    return { status: own?.status ?? error.status ?? kind.status, headers, body };
  }
}

function custom(properties: Readonly<Record<string, unknown>>, place: string): Custom {
  const refuse = (message: string): never => {
    throw new ApiGatewayConfigurationError(place, message);
  };
  const templates = (properties['ResponseTemplates'] ?? {}) as Record<string, string>;
  const other = Object.keys(templates).find((type) => type !== JSON_TYPE);
  if (other !== undefined) refuse(`a response of ${other} is not known here: ${JSON_TYPE} only`);
  const template = templates[JSON_TYPE];
  const headers = Object.entries((properties['ResponseParameters'] ?? {}) as Record<string, string>).map(
    ([target, source]) => {
      if (!target.startsWith(HEADER)) refuse(`${target} cannot be set: headers only`);
      if (!/^('[^']*'|method\.request\.(header|querystring|path)\.[\w-]+)$/.test(source))
        refuse(`${source} is not known here`);
      return [target.slice(HEADER.length), source] as const;
    },
  );
  const status = properties['StatusCode'];
  return {
    status: status === undefined ? undefined : Number(status),
    template: template === undefined ? undefined : new Substitution(template, '', place),
    headers,
  };
}

/** `method.request.header.X` */
function requestValue(source: string, { path, querystring, header }: Parameters): string | undefined {
  const [, , kind, name] = source.split('.') as [string, string, string, string];
  if (kind !== 'header') return (kind === 'path' ? path : querystring)[name];
  return Object.entries(header).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}
