import { type JsonObject, ServiceError } from '../service.ts';

const PAGE = 50;

export const invalid = (message: string) => new ServiceError('InvalidRequestException', message);

export function list(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  throw invalid('A list is needed.');
}

/** A page of a list; the token is where the next one begins. */
export function page<T>(
  input: JsonObject,
  member: string,
  read: (start: number, limit: number) => readonly T[],
): JsonObject {
  const start = Number(input['NextToken'] ?? 0);
  const limit = Math.min(Number(input['MaxResults'] ?? PAGE), PAGE);
  if (!Number.isInteger(start) || start < 0) throw invalid('The NextToken is not one of ours.');
  // One more tells whether there is a next page.
  const found = read(start, limit + 1);
  return { [member]: found.slice(0, limit), ...(found.length > limit ? { NextToken: String(start + limit) } : {}) };
}
