import { ErrorCode, RefusedError } from './answers.ts';
import { elements, members, type Span, tokenAt } from './json-text.ts';

/** A record as a client wants it written. */
export interface NewRecord {
  /** The text of the key; null without one. */
  readonly key: string | null;
  /** The JSON text of the value, as it came. */
  readonly value: string;
  /** @default - by the key, or any */
  readonly partition?: number;
}

/** As many as the other door takes. */
export const maxRecords = 500;

/** @throws RefusedError when the bytes are not UTF-8 or not JSON */
export function parsedBody(body: Uint8Array): { readonly text: string; readonly value: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return { text, value: JSON.parse(text) };
  } catch (error) {
    throw new RefusedError(ErrorCode.invalidJson, `The body is not JSON in UTF-8: ${(error as Error).message}`);
  }
}

/**
 * Reads `{"records":[{"value":…,"key":…,"partition":…}]}`. Presence and shape only: what a value holds is the clean
 * step's business.
 * @throws RefusedError naming the record and its field
 */
export function readProduceRequest(body: Uint8Array): readonly NewRecord[] {
  const { text, value } = parsedBody(body);
  if (!isObject(value)) throw unprocessable('The body must be an object with the field records.');
  const { records } = value;
  if (!Array.isArray(records) || records.length === 0) {
    throw unprocessable('records must be an array of at least one record.');
  }
  if (records.length > maxRecords) {
    throw unprocessable(`records has ${records.length} elements; a request takes at most ${maxRecords}.`);
  }
  const list = members(text, tokenAt(text, 0)).get('records')!;
  return elements(text, list[0]).map((span, at) => readRecord(text, span, records[at], `records[${at}]`));
}

function readRecord(text: string, span: Span, record: unknown, where: string): NewRecord {
  if (!isObject(record)) throw unprocessable(`${where} must be an object with the field value.`);
  const { value, key = null, partition = null } = record;
  if (value === undefined || value === null) throw unprocessable(`${where}.value is missing or null.`);
  if (partition !== null && !(Number.isInteger(partition) && Number(partition) >= 0)) {
    throw unprocessable(`${where}.partition must be a whole number from 0.`);
  }
  const spans = members(text, span[0]);
  return {
    key: key === null || typeof key === 'string' ? key : text.slice(...spans.get('key')!),
    value: text.slice(...spans.get('value')!),
    ...(partition !== null && { partition: Number(partition) }),
  };
}

const unprocessable = (message: string): RefusedError => new RefusedError(ErrorCode.unprocessable, message);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
