import { type JsonObject, ServiceError } from '../service.ts';

const PAGE = 100;

/** Names are kept in lower case: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html */
export const fold = (name: unknown): string => String(name ?? '').toLowerCase();

/** The name in a `DatabaseInput` or `TableInput`. */
export function nameOf({ Name }: JsonObject): string {
  if (typeof Name === 'string' && Name !== '' && Name.length <= 255) return fold(Name);
  throw invalid('A name of 1 to 255 characters is needed.');
}

export function record(input: JsonObject, member: string): JsonObject {
  const value = input[member];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(`${member} must be given.`);
}

export function strings(input: JsonObject, member: string): string[] {
  const value = input[member];
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw invalid(`${member} must be a list of texts.`);
}

export function records(input: JsonObject, member: string): JsonObject[] {
  const value = input[member];
  if (Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null)) return value;
  throw invalid(`${member} must be a list.`);
}

/** A page of a list; the token is where the next one begins. */
export function paged(input: JsonObject, member: string, all: readonly JsonObject[], largest = PAGE): JsonObject {
  const start = Number(input['NextToken'] ?? 0);
  if (!Number.isInteger(start) || start < 0) throw invalid('The NextToken is not one of this catalog.');
  const end = start + Math.min(Number(input['MaxResults'] ?? largest), largest);
  return { [member]: all.slice(start, end), ...(end < all.length ? { NextToken: String(end) } : {}) };
}

export const invalid = (message: string) => new ServiceError('InvalidInputException', message);
export const notFound = (message: string) => new ServiceError('EntityNotFoundException', message);
export const alreadyExists = (what: string) => new ServiceError('AlreadyExistsException', `${what} already exists.`);
