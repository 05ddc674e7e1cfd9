import type { TemplateContext } from './vtl/scope.ts';

/**
 * `$context` variables, by their names in full. One without a value in a request is empty in a template.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
 */
const NAMES = new Set([
  'accountId',
  'apiId',
  'deploymentId',
  'domainName',
  'domainPrefix',
  'extendedRequestId',
  'httpMethod',
  'path',
  'protocol',
  'requestId',
  'requestTime',
  'requestTimeEpoch',
  'resourceId',
  'resourcePath',
  'stage',
  'status',
  'error.message',
  'error.messageString',
  'error.responseType',
  'error.validationErrorString',
  'identity.accountId',
  'identity.apiKey',
  'identity.apiKeyId',
  'identity.caller',
  'identity.sourceIp',
  'identity.user',
  'identity.userAgent',
  'identity.userArn',
  'integration.error',
  'integration.latency',
  'integration.requestId',
  'integration.status',
  'integrationErrorMessage',
  'integrationLatency',
  'integrationStatus',
  'responseLatency',
  'responseLength',
  'responseOverride.status',
]);
const OVERRIDE = /^(requestOverride\.(path|header|querystring)|responseOverride\.header)\.[^.]+$/;

export const isContextName = (name: string): boolean => NAMES.has(name) || OVERRIDE.test(name);

export class OverrideError extends Error {
  constructor(name: string) {
    super(`$context.${name} was set before; overrides are final`);
    this.name = 'OverrideError';
  }
}

/** What is known of one request. Overrides of the request template can be read in the response template. */
export class Context implements TemplateContext {
  readonly #values = new Map<string, string>();

  get(name: string): string | null {
    return this.#values.get(name) ?? null;
  }

  set(values: Readonly<Record<string, string | number | undefined>>): void {
    for (const [name, value] of Object.entries(values)) if (value !== undefined) this.#values.set(name, String(value));
  }

  override(name: string, value: string): void {
    if (this.#values.has(name)) throw new OverrideError(name);
    this.#values.set(name, value);
  }

  /** The headers that a response template set. */
  get responseHeaders(): Record<string, string> {
    const prefix = 'responseOverride.header.';
    const headers = [...this.#values].filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(headers.map(([name, value]) => [name.slice(prefix.length), value]));
  }
}
