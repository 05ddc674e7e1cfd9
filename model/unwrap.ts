import { type Refusal, RefusedError } from './rules/refusal.ts';

/** A record with more rows is one quarantined row: it would not be through before its function's timeout. */
export const maxRowsPerRecord = 1_000;
/** How often a text is opened that holds JSON, or base64 of JSON. */
export const maxUnwrapLevels = 2;

export type Unwrapped =
  | { readonly ok: true; readonly rows: readonly unknown[] }
  /** Stands for one row, at position 0. */
  | { readonly ok: false; readonly refusal: Refusal };

/** What a record's bytes hold: a row, an array of rows, or either as JSON text or base64 of it. Never throws. */
export function unwrap(bytes: Uint8Array): Unwrapped {
  try {
    return { ok: true, rows: rowsIn(bytes) };
  } catch (error) {
    if (error instanceof RefusedError) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

function rowsIn(bytes: Uint8Array): readonly unknown[] {
  const text = utf8(bytes);
  if (text === undefined) throw new RefusedError('unwrap', null, 'The record is not valid UTF-8: send JSON in UTF-8.');
  let value = parsed(text) ?? { json: text };
  for (let level = 0; level < maxUnwrapLevels && typeof value.json === 'string' && value.json !== ''; level++) {
    const inner = parsed(value.json) ?? fromBase64(value.json);
    if (inner === undefined) throw notJson();
    value = inner;
  }
  const { json } = value;
  if (json === null || json === '') throw new RefusedError('empty', null, 'The record is empty: send a row.');
  if (typeof json === 'string') throw notJson();
  if (!Array.isArray(json)) return [json];
  if (json.length === 0) throw new RefusedError('empty', null, 'The array is empty: send one row or more.');
  if (json.length > maxRowsPerRecord) {
    const many = `The record holds ${json.length} rows`;
    throw new RefusedError('rows', null, `${many}: send at most ${maxRowsPerRecord} in one record.`);
  }
  return json;
}

const notJson = () =>
  new RefusedError(
    'unwrap',
    null,
    'The record holds no JSON object: send a row as an object, as JSON text or as base64 of it.',
  );

/** JSON as RFC 8259 has it, so no NaN; of a key that comes twice, the last value. */
function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Either alphabet, with or without padding, ASCII white space between the characters ignored. */
function fromBase64(text: string): { readonly json: unknown } | undefined {
  const characters = text.replace(/[ \t\r\n]/g, '');
  const [, digits] = /^([A-Za-z0-9+/_-]+)={0,2}$/.exec(characters) ?? [];
  if (digits === undefined || digits.length % 4 === 1) return undefined;
  const decoded = utf8(Buffer.from(digits, 'base64'));
  return decoded === undefined ? undefined : parsed(decoded);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** A byte order mark at the start is dropped. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
