import type { ApiKeys } from './api-keys.ts';
import { ApiGatewayConfigurationError } from './errors.ts';
import type { Snapshot } from './rest-api.ts';
import { findMethod, type Match } from './routes.ts';
import { Substitution } from './substitution.ts';
import { TokenBucket } from './throttle.ts';

interface MethodSetting {
  readonly ResourcePath: string;
  readonly HttpMethod: string;
  readonly ThrottlingRateLimit?: number;
  readonly ThrottlingBurstLimit?: number;
}

export interface StageProperties {
  readonly StageName: string;
  readonly Variables?: Readonly<Record<string, string>>;
  readonly MethodSettings?: readonly MethodSetting[];
  readonly AccessLogSetting?: { readonly DestinationArn?: string; readonly Format?: string };
}

/** A deployment of an API that answers requests. */
export class Stage {
  readonly name: string;
  readonly api: Snapshot;
  readonly apiKeys: ApiKeys;
  readonly variables: Readonly<Record<string, string>>;
  readonly accessLog: { readonly group: string; readonly format: Substitution } | undefined;
  readonly #settings: readonly MethodSetting[];
  readonly #buckets = new Map<string, TokenBucket | undefined>();

  /** @throws ApiGatewayConfigurationError */
  constructor(properties: StageProperties, api: Snapshot, apiKeys: ApiKeys, place: string) {
    const { DestinationArn: group, Format: format } = properties.AccessLogSetting ?? {};
    this.name = properties.StageName;
    this.api = api;
    this.apiKeys = apiKeys;
    this.variables = properties.Variables ?? {};
    this.#settings = properties.MethodSettings ?? [];
    for (const setting of this.#settings) {
      if (setting.HttpMethod !== '*' && setting.ResourcePath === '/*') {
        throw new ApiGatewayConfigurationError(place, 'MethodSettings of a method on every path are not known here');
      }
    }
    this.accessLog = group && format ? { group, format: new Substitution(format, '-', place) } : undefined;
  }

  find(parts: readonly string[], httpMethod: string): Match | undefined {
    return findMethod(this.api.root, parts, httpMethod);
  }

  /**
   * Whether the method's throttle lets one more request in. Each method has its own bucket, filled by the closest settings.
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
   */
  admits({ resource, method }: Match): boolean {
    const key = `${method.httpMethod} ${resource.path}`;
    if (!this.#buckets.has(key)) this.#buckets.set(key, this.#bucketFor(resource.path, method.httpMethod));
    return this.#buckets.get(key)?.take() ?? true;
  }

  #bucketFor(path: string, httpMethod: string): TokenBucket | undefined {
    const closest = (['ThrottlingRateLimit', 'ThrottlingBurstLimit'] as const).map(
      (limit) =>
        this.#settings.find((each) => each[limit] !== undefined && isOf(each, path, httpMethod))?.[limit] ??
        this.#settings.find((each) => each.ResourcePath === '/*')?.[limit],
    );
    const [rate, burst] = closest;
    return rate === undefined && burst === undefined
      ? undefined
      : new TokenBucket(Number(rate ?? burst), Number(burst ?? rate));
  }
}

/** Settings spell the path with `~1` for slashes, after a first slash. */
function isOf(
  { ResourcePath: path, HttpMethod: verb }: MethodSetting,
  resourcePath: string,
  httpMethod: string,
): boolean {
  return path.replace(/^\//, '').replaceAll('~1', '/') === resourcePath && (verb === httpMethod || verb === '*');
}
