import { STATUS_CODES } from 'node:http';
import type { Assembly, TemplateResource } from '../../template/assembly.ts';

/** OpenAPI 3.1 as JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

export class NoRestApiError extends Error {
  constructor(directory: string) {
    super(`No template in ${directory} has an AWS::ApiGateway::RestApi`);
    this.name = 'NoRestApiError';
  }
}

type Resources = Readonly<Record<string, TemplateResource>>;
// biome-ignore lint/suspicious/noExplicitAny: properties are as free as CloudFormation's
type Properties = Readonly<Record<string, any>>;

/** What a template says of a method under `Metadata.OpenApi`: an operation, its responses without those of errors. */
interface Documented {
  /** Those of the method of which more is said. */
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses?: Readonly<Record<string, object>>;
  readonly requestBody?: object;
}

/** Gateway responses that any caller can meet, by what the method asks of the request. */
const ALWAYS = ['THROTTLED'];
const WITH_BODY = ['BAD_REQUEST_BODY', 'REQUEST_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];
const WITH_KEY = ['INVALID_API_KEY', 'QUOTA_EXCEEDED'];
const WITH_IAM = ['MISSING_AUTHENTICATION_TOKEN', 'ACCESS_DENIED', 'INVALID_SIGNATURE'];
const MAY_BE_SENT_AGAIN = ['429', '503'];

const SECURITY_SCHEMES = {
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
  // As API Gateway's own export has it.
  sigv4: { type: 'apiKey', in: 'header', name: 'Authorization', 'x-amazon-apigateway-authtype': 'awsSigv4' },
};

/**
 * Describes the API of an assembly: paths, methods, parameters, statuses and security from its resources, the rest from
 * their `Metadata.OpenApi`. Preflight methods are left out.
 * @param serverUrl with the stage
 * @throws NoRestApiError
 */
export function openApiOf({ stacks, directory }: Assembly, serverUrl: string): OpenApiDocument {
  const resources = stacks.map(({ template }) => template.Resources).find((all) => ofType(all, 'RestApi').length > 0);
  if (!resources) throw new NoRestApiError(directory);
  const [api] = ofType(resources, 'RestApi');
  const { title, schemas } = metadataOf(api!);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const method of ofType(resources, 'Method')) {
    const { HttpMethod: verb, ResourceId: resourceId } = method.Properties as Properties;
    if (verb === 'OPTIONS') continue;
    const path = pathOf(resourceId, resources);
    paths[path] = { ...paths[path], [verb.toLowerCase()]: operationOf(method, path, resources) };
  }
  return {
    openapi: '3.1.0',
    info: { title, version: '1' },
    servers: [{ url: serverUrl }],
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: { schemas, securitySchemes: SECURITY_SCHEMES },
  };
}

const ofType = (resources: Resources, type: string): TemplateResource[] =>
  Object.values(resources).filter(({ Type }) => Type === `AWS::ApiGateway::${type}`);

const metadataOf = ({ Metadata }: TemplateResource): Properties => (Metadata?.['OpenApi'] ?? {}) as Properties;

function pathOf(resourceId: Properties, resources: Resources): string {
  const resource = resources[resourceId['Ref']];
  if (!resource) return '/';
  const { PathPart: part, ParentId: parent } = resource.Properties as Properties;
  // A greedy part is of API Gateway; OpenAPI has none.
  return `${pathOf(parent, resources).replace(/\/$/, '')}/${String(part).replace('+}', '}')}`;
}

function operationOf(method: TemplateResource, path: string, resources: Resources): object {
  const {
    RequestParameters: parameters = {},
    AuthorizationType: auth,
    ApiKeyRequired: withKey,
  } = method.Properties as Properties;
  const { responses, parameters: described = [], ...documented } = metadataOf(method) as Documented;
  const schemes = [...(withKey ? ['apiKey'] : []), ...(auth === 'AWS_IAM' ? ['sigv4'] : [])];
  return {
    ...documented,
    parameters: parametersOf(parameters, path, described),
    responses: { ...errorsOf(method, resources), ...responses },
    security: schemes.length === 0 ? [] : [Object.fromEntries(schemes.map((scheme) => [scheme, []]))],
  };
}

function parametersOf(declared: Properties, path: string, described: NonNullable<Documented['parameters']>): object[] {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name!);
  const known = [
    ...names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    ...Object.entries(declared)
      .filter(([source]) => source.startsWith('method.request.querystring.'))
      .map(([source, required]) => ({
        name: source.split('.')[3],
        in: 'query',
        required: String(required) === 'true',
        schema: { type: 'string' },
      })),
  ];
  return known.map((one) => ({
    ...one,
    ...described.find(({ name, in: place }) => name === one.name && place === one.in),
  }));
}

function errorsOf(method: TemplateResource, resources: Resources): Record<string, object> {
  const {
    MethodResponses: declared = [],
    AuthorizationType: auth,
    ApiKeyRequired: withKey,
  } = method.Properties as Properties;
  const early = [
    ...ALWAYS,
    ...('requestBody' in metadataOf(method) ? WITH_BODY : []),
    ...(withKey ? WITH_KEY : []),
    ...(auth === 'AWS_IAM' ? WITH_IAM : []),
  ];
  const statuses = [
    ...(declared as Properties[]).map(({ StatusCode }) => String(StatusCode)).filter((status) => status >= '400'),
    ...ofType(resources, 'GatewayResponse')
      .map(({ Properties: properties = {} }) => properties as Properties)
      .filter(({ ResponseType, StatusCode }) => early.includes(ResponseType) && StatusCode)
      .map(({ StatusCode }) => String(StatusCode)),
  ];
  return Object.fromEntries([...new Set(statuses)].sort().map((status) => [status, errorOf(status)]));
}

const errorOf = (status: string): object => ({
  description: STATUS_CODES[status],
  ...(MAY_BE_SENT_AGAIN.includes(status) && {
    headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'integer' } } },
  }),
  content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
});
