import { createHash } from 'node:crypto';
import type { Value } from '../../../model/compile/keys.ts';
import type { Row } from '../../../model/compile/rows.ts';
import {
  type AnswerHeader,
  answerHeaders,
  type Format,
  type Layer,
  type NoteCode,
} from '../../../model/serving/query-api.ts';
import type { RequestError } from './errors.ts';
import { type Listed, listTable } from './lists.ts';
import type { HttpRequest } from './request.ts';

/** Why an answer is not simply the live one, whole and exact. */
export interface Note {
  readonly code: NoteCode;
  readonly message: string;
}

/** What an answer says of itself. */
export interface Standing {
  readonly layer: Layer;
  /** The doors whose rows it counts. */
  readonly doors: readonly ('streams' | 'topics')[];
  /** Epoch ms: when these numbers were what the layer held. */
  readonly asOf: number;
  /** Epoch ms: of the batch layer, what arrived up to it is counted; of the live one, when the latest change was stored that is. */
  readonly watermark: number | undefined;
  /** Of the batch layer. */
  readonly run?: string;
  readonly notes: readonly Note[];
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

export interface RowsAnswer extends Standing, Table {
  readonly name: string;
  readonly describe: string;
  /** Text for the parameter `cursor`. @default - these are the last rows */
  readonly next?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TYPES: Readonly<Record<Format, string>> = { json: 'application/json', csv: 'text/csv; charset=utf-8' };
const HEADERS = {
  'Access-Control-Allow-Origin': '*',
  // What a page of another origin may read.
  'Access-Control-Expose-Headers': Object.keys(answerHeaders).join(', '),
  Vary: 'Accept',
} as const;

/**
 * An answer with rows. CSV has no place for what it says of itself, so that is in headers too.
 * @param now epoch ms
 * @param query of the request, which the next page has too
 */
export function rowsAnswer(
  answer: RowsAnswer,
  format: Format,
  now: number,
  ifNoneMatch?: string,
  query: HttpRequest['query'] = {},
): HttpAnswer {
  const { name, describe, layer, doors, run, notes, columns, rows, next } = answer;
  const asOf = new Date(answer.asOf).toISOString();
  const watermark = answer.watermark === undefined ? null : new Date(answer.watermark).toISOString();
  const freshness = answer.watermark === undefined ? null : Math.max(0, (now - answer.watermark) / 1_000);
  const about = { layer, doors, asOf, watermark, freshness, ...(run !== undefined && { run }), notes };
  const headers: Partial<Record<AnswerHeader, string>> = {
    'Pinflow-Layer': layer,
    'Pinflow-Doors': doors.join(', '),
    'Pinflow-As-Of': asOf,
    ...(watermark !== null && { 'Pinflow-Watermark': watermark, 'Pinflow-Freshness': String(freshness) }),
    ...(notes.length > 0 && { 'Pinflow-Notes': notes.map(({ code }) => code).join(', ') }),
    ...(next !== undefined && { Link: `<?${nextQuery(query, next)}>; rel="next"` }),
  };
  const body = format === 'csv' ? csv(answer) : jsonText({ name, describe, ...about, columns, rows, next });
  return conditional(body, jsonText({ name, layer, run, notes, columns, rows, next }), format, headers, ifNoneMatch);
}

/** A link replaces the whole query: https://www.rfc-editor.org/rfc/rfc3986#section-5.2.2 */
function nextQuery(query: HttpRequest['query'], cursor: string): string {
  const others = Object.entries(query).filter(([name]) => name !== 'cursor');
  const pairs = others.flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
  return String(new URLSearchParams([...pairs, ['cursor', cursor]]));
}

/** The list of what can be asked for. */
export function listAnswer(list: string, entries: readonly Listed[], format: Format, ifNoneMatch?: string): HttpAnswer {
  const body = format === 'csv' ? csv(listTable(entries)) : jsonText({ [list]: entries });
  return conditional(body, body, format, {}, ifNoneMatch);
}

/** Errors are JSON in the shape of the API's other errors, whatever format was asked for. */
export const errorAnswer = ({ status, type, message, more }: RequestError): HttpAnswer => ({
  status,
  headers: { ...HEADERS, 'Content-Type': TYPES.json, ...(status === 503 && { 'Retry-After': '5' }) },
  body: jsonText({ message, __type: type, ...more }),
});

/**
 * 304 to who has the same numbers already. The entity tag is weak: it is made of `same`, which has no times in it.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-8.8.1
 */
function conditional(
  body: string,
  same: string,
  format: Format,
  more: Readonly<Record<string, string>>,
  ifNoneMatch: string | undefined,
): HttpAnswer {
  const hash = createHash('sha256').update(format).update('\0').update(same).digest('base64url').slice(0, 22);
  const headers = {
    ...HEADERS,
    ...more,
    'Content-Type': TYPES[format],
    ETag: `W/"${hash}"`,
    'Cache-Control': 'no-cache',
  };
  // If-None-Match compares weakly: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
  const given = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return given.includes('*') || given.includes(`"${hash}"`)
    ? { status: 304, headers, body: '' }
    : { status: 200, headers, body };
}

/** Integers beyond 2^53 as texts, which no reader of JSON rounds. */
const jsonText = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => {
    if (typeof each !== 'bigint') return each;
    const number = Number(each);
    return Number.isSafeInteger(number) ? number : String(each);
  });

/** RFC 4180. */
const csv = ({ columns, rows }: Table): string =>
  [columns, ...rows.map((row) => columns.map((name) => row[name]))]
    .map((row) => `${row.map(cell).join(',')}\r\n`)
    .join('');

/** What a spreadsheet would take for a formula: https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Numbers as they are; texts that a spreadsheet would calculate begin with an apostrophe. */
function cell(value: Value | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
