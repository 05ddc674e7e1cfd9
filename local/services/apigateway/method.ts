import { ApiGatewayConfigurationError } from './errors.ts';
import { matchesWhole } from './vtl/java-regexp.ts';
import { Template } from './vtl/template.ts';

export interface AwsTarget {
  readonly type: 'AWS';
  /** Signing name and operation: `kinesis`, `PutRecord`. */
  readonly service: string;
  readonly action: string;
  readonly roleArn: string;
}

/** A function that gets the request as it is and answers it. */
export interface LambdaTarget {
  readonly type: 'AWS_PROXY';
  readonly functionArn: string;
  /** @default - the function's own policy lets the API in */
  readonly roleArn: string | undefined;
}

export interface IntegrationResponse {
  readonly status: number;
  /** Undefined for the default response. */
  readonly pattern: string | undefined;
  readonly template: Template | undefined;
  /** Header -> `'literal'` or `integration.response.header.X`. */
  readonly headers: readonly (readonly [string, string])[];
}

export interface Integration {
  readonly target: AwsTarget | LambdaTarget | { readonly type: 'MOCK' };
  readonly timeoutMs: number;
  readonly passthrough: string;
  /** By content type. */
  readonly templates: ReadonlyMap<string, Template>;
  readonly responses: readonly IntegrationResponse[];
}

/** One HTTP method of a resource, with its templates compiled. */
export interface Method {
  readonly route: string;
  readonly resourceId: string;
  readonly httpMethod: string;
  readonly auth: 'NONE' | 'AWS_IAM';
  readonly apiKeyRequired: boolean;
  readonly validatorId: string | undefined;
  /** `method.request.path.x` of required parameters. */
  readonly requiredParameters: readonly string[];
  /** Names of models by content type. */
  readonly models: Readonly<Record<string, string>>;
  readonly integration: Integration;
}

interface MethodProperties {
  readonly HttpMethod: string;
  readonly ResourceId: string;
  readonly AuthorizationType?: string;
  readonly ApiKeyRequired?: boolean;
  readonly RequestValidatorId?: string;
  readonly RequestParameters?: Readonly<Record<string, unknown>>;
  readonly RequestModels?: Readonly<Record<string, string>>;
  readonly Integration?: IntegrationProperties;
  readonly MethodResponses?: readonly { StatusCode: string; ResponseParameters?: Record<string, unknown> }[];
}

interface IntegrationProperties {
  readonly Type: string;
  readonly Uri?: string;
  readonly Credentials?: string;
  readonly IntegrationHttpMethod?: string;
  readonly PassthroughBehavior?: string;
  readonly TimeoutInMillis?: number;
  readonly RequestTemplates?: Readonly<Record<string, string>>;
  readonly RequestParameters?: Readonly<Record<string, string>>;
  readonly IntegrationResponses?: readonly {
    StatusCode: string;
    SelectionPattern?: string;
    ResponseTemplates?: Record<string, string>;
    ResponseParameters?: Record<string, string>;
  }[];
}

const JSON_TYPE = 'application/json';
const LONGEST_MS = 29_000;
const RESPONSE_HEADER = 'method.response.header.';

/**
 * Reads an AWS::ApiGateway::Method.
 * @param place the construct path, for messages
 * @param path of its resource, such as `/streams/{stream}`
 * @throws ApiGatewayConfigurationError, MappingTemplateError
 */
export function readMethod(properties: MethodProperties, path: string, place: string): Method {
  const { AuthorizationType: auth = 'NONE', Integration: integration } = properties;
  if (auth !== 'NONE' && auth !== 'AWS_IAM') {
    throw new ApiGatewayConfigurationError(place, `AuthorizationType ${auth} is not known here: NONE and AWS_IAM only`);
  }
  if (!integration) throw new ApiGatewayConfigurationError(place, 'a method without an integration answers nothing');
  const route = `${properties.HttpMethod} ${path}`;
  const declared = new Map(
    (properties.MethodResponses ?? []).map((each) => [each.StatusCode, Object.keys(each.ResponseParameters ?? {})]),
  );
  return {
    route,
    resourceId: properties.ResourceId,
    httpMethod: properties.HttpMethod,
    auth,
    apiKeyRequired: isTrue(properties.ApiKeyRequired),
    validatorId: properties.RequestValidatorId,
    requiredParameters: Object.entries(properties.RequestParameters ?? {})
      .filter(([, required]) => isTrue(required))
      .map(([name]) => name),
    models: properties.RequestModels ?? {},
    integration: readIntegration(integration, declared, route, place),
  };
}

const isTrue = (value: unknown): boolean => value === true || value === 'true';

function readIntegration(
  properties: IntegrationProperties,
  declared: ReadonlyMap<string, readonly string[]>,
  route: string,
  place: string,
): Integration {
  const where = (part: string) => `${route}, ${part} (${place})`;
  const unknown = Object.entries(properties.RequestParameters ?? {}).find(
    ([target, source]) => target !== 'integration.request.header.Content-Type' || !/^'[^']*'$/.test(source),
  );
  if (unknown)
    throw new ApiGatewayConfigurationError(place, `RequestParameters ${unknown[0]}: ${unknown[1]} is not known here`);
  return {
    target: readTarget(properties, place),
    timeoutMs: Number(properties.TimeoutInMillis ?? LONGEST_MS),
    passthrough: properties.PassthroughBehavior ?? 'WHEN_NO_MATCH',
    templates: new Map(
      Object.entries(properties.RequestTemplates ?? {}).map(([type, source]) => [
        type,
        new Template(source, where(`request template of ${type}`)),
      ]),
    ),
    responses: readResponses(properties, declared, where, place),
  };
}

function readTarget(properties: IntegrationProperties, place: string): Integration['target'] {
  const { Type: type, Uri: uri = '', Credentials: roleArn } = properties;
  if (type === 'MOCK') return { type };
  if (type === 'AWS_PROXY') return readLambdaTarget(properties, place);
  const [, service, action] = /^arn:[\w-]+:apigateway:[\w-]+:([\w.-]+):action\/(\w+)$/.exec(uri) ?? [];
  if (type !== 'AWS' || !service || !action) {
    throw new ApiGatewayConfigurationError(
      place,
      `an integration of type ${type} with ${uri || 'no URI'} is not known here`,
    );
  }
  if (!roleArn?.startsWith('arn:'))
    throw new ApiGatewayConfigurationError(place, 'an AWS integration needs a role as Credentials');
  if (properties.IntegrationHttpMethod !== 'POST') {
    throw new ApiGatewayConfigurationError(place, 'an AWS integration needs IntegrationHttpMethod POST');
  }
  return { type, service, action, roleArn };
}

function readLambdaTarget({ Uri: uri = '', ...properties }: IntegrationProperties, place: string): LambdaTarget {
  const { IntegrationHttpMethod: verb, Credentials: roleArn, RequestTemplates, IntegrationResponses } = properties;
  const functionArn = /^arn:[\w-]+:apigateway:[\w-]+:lambda:path\/2015-03-31\/functions\/(arn:.+)\/invocations$/.exec(
    uri,
  )?.[1];
  const refuse = (message: string): never => {
    throw new ApiGatewayConfigurationError(place, message);
  };
  if (!functionArn) refuse(`an AWS_PROXY integration with ${uri || 'no URI'} is not known here: Lambda functions only`);
  if (verb !== 'POST') refuse('a Lambda integration needs IntegrationHttpMethod POST');
  if (roleArn !== undefined && !/:role\//.test(roleArn))
    refuse(`the Credentials ${roleArn} are not known here: roles only`);
  if (RequestTemplates || IntegrationResponses?.length) {
    refuse('a proxy integration has no templates and no integration responses');
  }
  return { type: 'AWS_PROXY', functionArn: functionArn!, roleArn };
}

function readResponses(
  properties: IntegrationProperties,
  declared: ReadonlyMap<string, readonly string[]>,
  where: (part: string) => string,
  place: string,
): IntegrationResponse[] {
  return (properties.IntegrationResponses ?? []).map((response) => {
    const refuse = (message: string): never => {
      throw new ApiGatewayConfigurationError(place, `integration response ${response.StatusCode}: ${message}`);
    };
    const parameters = declared.get(response.StatusCode) ?? refuse('there is no method response of this status');
    const templates = response.ResponseTemplates ?? {};
    const other = Object.keys(templates).find((type) => type !== JSON_TYPE);
    if (other !== undefined) refuse(`a template of ${other} is not known here: ${JSON_TYPE} only`);
    const headers = Object.entries(response.ResponseParameters ?? {}).map(([target, source]) => {
      if (!target.startsWith(RESPONSE_HEADER) || !parameters.includes(target))
        refuse(`${target} is not in the method response`);
      if (!/^('[^']*'|integration\.response\.header\.[\w-]+)$/.test(source)) refuse(`${source} is not known here`);
      return [target.slice(RESPONSE_HEADER.length), source] as const;
    });
    const pattern = response.SelectionPattern;
    if (pattern) matchesWhole('200', pattern);
    const template = templates[JSON_TYPE];
    return {
      status: Number(response.StatusCode),
      pattern: pattern || undefined,
      template:
        template === undefined
          ? undefined
          : new Template(template, where(`response template of ${response.StatusCode}`)),
      headers,
    };
  });
}
