import { GatewayError } from './errors.ts';
import type { Answer } from './gateway-responses.ts';

type Scalar = string | number | boolean;
const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value);
const MEMBERS = new Set(['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded']);

/**
 * What a function of a proxy integration returned, as the HTTP answer.
 * @param acceptsBinary whether the request's `Accept` is of a binary media type: only then base64 is decoded
 * @throws GatewayError 502, for anything but the shape of the documentation
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format
 */
export function proxyAnswer(payload: string, acceptsBinary: boolean): Answer {
  const returned: unknown = JSON.parse(payload);
  if (!isRecord(returned)) throw malformed();
  const { statusCode = 200, headers, multiValueHeaders, body, isBase64Encoded = false } = returned;
  const status = Number(statusCode);
  const isShape =
    Object.keys(returned).every((member) => MEMBERS.has(member)) &&
    Number.isInteger(status) &&
    status >= 200 &&
    status <= 599 &&
    (body === undefined || body === null || isScalar(body)) &&
    typeof isBase64Encoded === 'boolean';
  if (!isShape) throw malformed();
  const text = String(body ?? '');
  return {
    status,
    headers: headersOf(headers ?? {}, multiValueHeaders ?? {}),
    body: isBase64Encoded && acceptsBinary ? Buffer.from(text, 'base64') : text,
  };
}

/** Of a name in both, the list counts and the single value is added to it. */
function headersOf(single: unknown, lists: unknown): Record<string, string | string[]> {
  if (!isRecord(single) || !isRecord(lists)) throw malformed();
  const headers = new Map<string, string[]>();
  const entries = [
    ...Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? list : [undefined]] as const),
    ...Object.entries(single).map(([name, value]) => [name, [value]] as const),
  ];
  for (const [name, values] of entries) {
    if (!values.every(isScalar)) throw malformed();
    const known = headers.get(name.toLowerCase()) ?? [];
    headers.set(name.toLowerCase(), [...new Set([...known, ...values.map(String)])]);
  }
  return Object.fromEntries([...headers].map(([name, values]) => [name, values.length === 1 ? values[0]! : values]));
}

export const malformed = (): GatewayError => new GatewayError('DEFAULT_5XX', 'Internal server error', undefined, 502);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
