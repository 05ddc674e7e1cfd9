import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import type { HttpAnswer } from './representation.ts';
import type { HttpRequest } from './request.ts';

type Event = Pick<
  APIGatewayProxyEvent,
  'resource' | 'pathParameters' | 'httpMethod' | 'headers' | 'multiValueQueryStringParameters'
>;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export function readEvent(event: Event): HttpRequest {
  const query = Object.entries(event.multiValueQueryStringParameters ?? {});
  return {
    method: event.httpMethod,
    path: event.resource
      .split('/')
      .filter(Boolean)
      .map((part) => (part.startsWith('{') ? (event.pathParameters?.[part.replace(/[{}+]/g, '')] ?? '') : part)),
    query: Object.fromEntries(query.map(([name, values]) => [name, values ?? []])),
    headers: Object.fromEntries(
      Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value ?? '']),
    ),
  };
}

export const proxyResult = ({ status, headers, body }: HttpAnswer): APIGatewayProxyResult => ({
  statusCode: status,
  headers: { ...headers },
  body,
  isBase64Encoded: false,
});
