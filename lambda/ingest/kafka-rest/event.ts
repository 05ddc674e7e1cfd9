import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { DoorAnswer } from './answers.ts';
import type { DoorRequest } from './door.ts';

type Event = Pick<
  APIGatewayProxyEvent,
  'resource' | 'pathParameters' | 'httpMethod' | 'headers' | 'body' | 'isBase64Encoded'
>;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export function readEvent({
  resource,
  pathParameters,
  httpMethod,
  headers,
  body,
  isBase64Encoded,
}: Event): DoorRequest {
  const type = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return {
    method: httpMethod,
    path: resource
      .split('/')
      .filter(Boolean)
      .flatMap((part) => (part.startsWith('{') ? (pathParameters?.[part.replace(/[{}+]/g, '')] ?? '') : part)),
    contentType: type?.split(';')[0]?.trim().toLowerCase(),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

export function proxyResult({ status, type, body, retryAfter }: DoorAnswer): APIGatewayProxyResult {
  return {
    statusCode: status,
    headers: {
      'Content-Type': type,
      'Access-Control-Allow-Origin': '*',
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    },
    body,
    isBase64Encoded: false,
  };
}
