import type { JsonObject } from '../services/service.ts';

/** A request to one of the console's routes. */
export interface ConsoleRequest {
  /** The values of `:name` parts of the path, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Of a POST; empty otherwise. */
  readonly body: JsonObject;
  /** Aborted when the page has gone away. */
  readonly signal: AbortSignal;
}

/** What the console answers: a value that becomes JSON, or one of the two below. */
export interface Route {
  /** A POST changes something, and needs the token. */
  readonly method: 'GET' | 'POST';
  /** Such as `/api/resources/:stack/:id`. */
  readonly path: string;
  handle(request: ConsoleRequest): unknown;
}

/** Bytes with a type of their own. */
export interface Content {
  readonly type: string;
  readonly bytes: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Server-sent events, for as long as the page listens. */
export interface Events {
  /** Each value is an event, as JSON. */
  readonly events: AsyncIterable<unknown>;
}

export const isContent = (answer: unknown): answer is Content =>
  typeof answer === 'object' && answer !== null && 'bytes' in answer && Buffer.isBuffer(answer.bytes);

export const isEvents = (answer: unknown): answer is Events =>
  typeof answer === 'object' &&
  answer !== null &&
  'events' in answer &&
  typeof answer.events === 'object' &&
  answer.events !== null &&
  Symbol.asyncIterator in answer.events;

/** The request cannot be answered as it stands. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** @throws ConsoleError 400 */
export function text(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new ConsoleError(400, `${name} is missing: it is a text.`);
}

/** @throws ConsoleError 400 */
export function numberWithin(body: JsonObject, name: string, { min, max }: { min: number; max: number }): number {
  const value = body[name];
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new ConsoleError(400, `${name} is a number from ${min} to ${max}.`);
}
