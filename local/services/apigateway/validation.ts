import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv-draft-04';
import { ApiGatewayConfigurationError, GatewayError } from './errors.ts';
import { isExactNumber, type Value } from './vtl/json.ts';
import type { Parameters, Payload } from './vtl/scope.ts';

/** A model: a JSON schema of draft 4 for bodies of one content type. */
export class Model {
  readonly #validate: ValidateFunction;

  /** @throws ApiGatewayConfigurationError */
  constructor(schema: object, place: string) {
    const ajv = new Ajv.default({
      allErrors: true,
      strictTypes: false,
      strictRequired: false,
      strictTuples: false,
      verbose: true,
    });
    try {
      this.#validate = ajv.compile(schema);
    } catch (error) {
      throw new ApiGatewayConfigurationError(place, `Schema: ${(error as Error).message}`);
    }
  }

  /** @throws GatewayError BAD_REQUEST_BODY */
  check(payload: Payload): void {
    const value = jsonOf(payload);
    if (this.#validate(value)) return;
    const messages = [...new Set((this.#validate.errors ?? []).map(messageOf))];
    throw new GatewayError('BAD_REQUEST_BODY', 'Invalid request body', `[${messages.join(', ')}]`);
  }
}

/** @throws GatewayError BAD_REQUEST_BODY */
function jsonOf(payload: Payload): unknown {
  try {
    if (payload.text.trim() === '') return null;
    return holdsExactNumber(payload.value) ? JSON.parse(payload.text) : payload.value;
  } catch {
    throw new GatewayError('BAD_REQUEST_BODY', 'Invalid request body', '[the body is not valid JSON]');
  }
}

function holdsExactNumber(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isExactNumber(value) || Object.values(value).some(holdsExactNumber);
}

/** Names in the order of a validator's messages: `method.request.querystring.Limit`. @throws GatewayError */
export function checkParameters(required: readonly string[], { path, querystring, header }: Parameters): void {
  const headers = Object.keys(header).map((name) => name.toLowerCase());
  const missing = required
    .map((source) => source.split('.').slice(2) as [string, string])
    .filter(([kind, name]) => {
      if (kind === 'header') return !headers.includes(name.toLowerCase());
      return !Object.hasOwn(kind === 'path' ? path : querystring, name);
    })
    .map(([, name]) => name);
  if (missing.length === 0) return;
  const message = `Missing required request parameters: [${missing.join(', ')}]`;
  throw new GatewayError('BAD_REQUEST_PARAMETERS', message, message);
}

const MESSAGES: Readonly<Record<string, (error: ErrorObject) => string>> = {
  type: ({ params, data }) =>
    `instance type (${typeName(data)}) does not match any allowed primitive type (allowed: ${list(params['type'])})`,
  enum: ({ params, data }) =>
    `instance value (${JSON.stringify(data)}) not found in enum (possible values: ${list(params['allowedValues'])})`,
  minLength: ({ params, data }) =>
    `string ${JSON.stringify(data)} is too short (length: ${lengthOf(data)}, required minimum: ${params['limit']})`,
  maxLength: ({ params, data }) =>
    `string ${JSON.stringify(data)} is too long (length: ${lengthOf(data)}, maximum allowed: ${params['limit']})`,
  minItems: ({ params, data }) =>
    `array is too short: must have at least ${params['limit']} elements but instance has ${(data as unknown[]).length} elements`,
  maxItems: ({ params, data }) =>
    `array is too long: must have at most ${params['limit']} elements but instance has ${(data as unknown[]).length} elements`,
  pattern: ({ params, data }) =>
    `ECMA 262 regex ${JSON.stringify(params['pattern'])} does not match input string ${JSON.stringify(data)}`,
  minimum: ({ params, data }) =>
    `numeric instance is lower than the required minimum (minimum: ${params['limit']}, found: ${data})`,
  maximum: ({ params, data }) =>
    `numeric instance is greater than the required maximum (maximum: ${params['limit']}, found: ${data})`,
  additionalProperties: ({ params }) =>
    `object instance has properties which are not allowed by the schema: ${list(params['additionalProperty'])}`,
  anyOf: ({ schema }) => `instance failed to match at least one required schema among ${(schema as unknown[]).length}`,
  oneOf: ({ schema, params }) =>
    `instance failed to match exactly one schema (matched ${params['passingSchemas']?.length ?? 0} out of ${(schema as unknown[]).length})`,
};

/** In the words of API Gateway's validator: `object has missing required properties (["Data"])`. */
function messageOf(error: ErrorObject): string {
  if (error.keyword === 'required') {
    const present = Object.keys(error.data as object);
    const missing = (error.schema as string[]).filter((name) => !present.includes(name)).sort();
    return `object has missing required properties (${JSON.stringify(missing)})`;
  }
  return MESSAGES[error.keyword]?.(error) ?? `${error.instancePath} ${error.message}`.trim();
}

const list = (value: unknown): string => JSON.stringify(Array.isArray(value) ? value : [value]);

const lengthOf = (data: unknown): number => [...String(data)].length;

function typeName(data: unknown): string {
  if (data === null) return 'null';
  if (Array.isArray(data)) return 'array';
  return Number.isInteger(data) ? 'integer' : typeof data;
}
