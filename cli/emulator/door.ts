import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';

export interface Answer {
  /** 0 where no answer came. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
  /** Why no answer came. */
  readonly error?: string;
}

/** One HTTP request; what goes wrong on the way is an answer of status 0. */
export type Send = (method: string, url: URL, body: string, headers?: Headers) => Promise<Answer>;
export type Headers = Readonly<Record<string, string>>;

export const jsonBody: Headers = { 'Content-Type': 'application/json' };

/**
 * Requests as `requests.request` of Python makes them: no authorization, and a new connection each unless kept alive.
 * @param timeoutMs API Gateway itself gives up after 29 s.
 */
export function httpDoor({ keepAlive = false, timeoutMs = 35_000 } = {}): Send & { close(): void } {
  const options = { keepAlive, timeout: timeoutMs };
  const agents = { 'http:': new Agent(options), 'https:': new SecureAgent(options) };
  const send = (method: string, url: URL, body: string, headers: Headers = jsonBody) =>
    new Promise<Answer>((resolve) => {
      const secure = url.protocol === 'https:';
      const fail = (error: Error) => resolve({ status: 0, headers: {}, body: '', error: error.message || error.name });
      const request = (secure ? httpsRequest : httpRequest)(url, {
        method,
        agent: secure ? agents['https:'] : agents['http:'],
        timeout: timeoutMs,
        headers: { ...headers, 'Content-Length': Buffer.byteLength(body) },
      });
      request.on('response', (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      });
      request.on('timeout', () => request.destroy(new Error(`no answer in ${timeoutMs} ms`)));
      request.on('error', fail);
      request.end(body);
    });
  return Object.assign(send, {
    close: () => {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  });
}

/** JSON as Python's `json.dumps` writes it: everything beyond ASCII escaped. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The body of `PUT /streams/{name}/record`. */
export const recordBody = (streamName: string, data: unknown, partitionKey: string): string =>
  asciiJson({ StreamName: streamName, Data: data, PartitionKey: partitionKey });
