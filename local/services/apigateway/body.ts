import type { IncomingMessage } from 'node:http';
import { GatewayError } from './errors.ts';

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
const LARGEST = 10 * 1024 * 1024;
/** What is read and dropped of a larger body, so that its client sees the answer rather than a broken pipe. */
const DROPPED = 10 * LARGEST;

/**
 * The body as it came.
 * @throws GatewayError REQUEST_TOO_LARGE, having kept no more than 10 MB of it
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= LARGEST) chunks.push(chunk);
      else chunks.length = 0;
      if (length > DROPPED) break;
    }
  } catch {
    throw new GatewayError('DEFAULT_4XX', 'The connection was closed before the body was complete');
  }
  if (length > LARGEST) {
    throw new GatewayError('REQUEST_TOO_LARGE', `HTTP content length exceeded ${LARGEST} bytes.`);
  }
  return Buffer.concat(chunks);
}
