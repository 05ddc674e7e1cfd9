import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { type JsonObject, ServiceError } from '../services/service.ts';

/** How a service's answers and errors are written. */
export type Protocol = 'json' | 'query' | 'rest-xml';

export function protocolOf(request: IncomingMessage): Protocol {
  if (request.headers['x-amz-target'] !== undefined) return 'json';
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/x-amz-json')) return 'json';
  return type.startsWith('application/x-www-form-urlencoded') ? 'query' : 'rest-xml';
}

/** Reads a whole body. @throws ServiceError above `limit` bytes */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
  }
  if (size > limit) {
    throw new ServiceError('RequestEntityTooLargeException', `The body has ${size} bytes; ${limit} are allowed.`, 413);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** DynamoDB's clients check the body's CRC-32 when the header is there. */
export function sendJson(response: ServerResponse, status: number, body: JsonObject, requestId: string): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': bytes.length,
    'x-amzn-requestid': requestId,
    'x-amz-crc32': String(crc32(bytes)),
    ...(typeof body['__type'] === 'string' ? { 'x-amzn-errortype': body['__type'] } : {}),
  });
  response.end(bytes);
}

export function sendXml(response: ServerResponse, status: number, body: string, requestId: string): void {
  const bytes = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  response.writeHead(status, {
    'content-type': 'text/xml',
    'content-length': bytes.length,
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
  });
  response.end(bytes);
}

/** The error in the shape that clients of the protocol parse. */
export function sendError(
  response: ServerResponse,
  protocol: Protocol,
  { code, message, status, members }: ServiceError,
  requestId: string,
): void {
  if (protocol === 'json') {
    sendJson(response, status, { __type: code, message, ...members }, requestId);
    return;
  }
  // The XML services have their own name for it.
  const denied = code === 'AccessDeniedException';
  const error = { Code: denied ? 'AccessDenied' : code, Message: message };
  const body =
    protocol === 'query'
      ? xml('ErrorResponse', { Error: { Type: status < 500 ? 'Sender' : 'Receiver', ...error }, RequestId: requestId })
      : xml('Error', { ...error, ...members, RequestId: requestId });
  sendXml(response, denied ? 403 : status, body, requestId);
}

/** An element with its children; arrays as `<member>` elements, undefined left out. */
export function xml(name: string, value: unknown, namespace?: string): string {
  const attributes = namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
  return `<${name}${attributes}>${content(value)}</${name}>`;
}

function content(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => xml('member', one)).join('');
  if (typeof value !== 'object' || value === null) return escapeXml(String(value));
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([name, one]) => xml(name, one))
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** As the content of an element. */
export function escapeXml(text: string): string {
  // XML 1.0 has no way to write the other control characters.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is removed
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '').replace(/[&<>"]/g, (found) => ENTITIES[found]!);
}
