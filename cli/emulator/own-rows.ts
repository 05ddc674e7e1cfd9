import { createReadStream, existsSync } from 'node:fs';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { CsvError, parse } from 'csv-parse';
import type { FeedName } from '../../model/rules/rule.ts';
import type { SentPost } from './emulate.ts';
import { feedNames, type RawRow } from './posts.ts';

/** A file of rows that cannot be read, with its name, line and column. */
export class RowsFileError extends Error {
  override readonly name = 'RowsFileError';
}

/**
 * Posts from a file of rows. JSONL: each line a row of one feed, or `{"pin": row, "geo": row, "user": row}` with at
 * least one of them. CSV: a header and rows of one feed; columns that hold numbers become numbers, empty ones null.
 * @throws RowsFileError
 */
export async function* ownPosts(file: string): AsyncGenerator<SentPost> {
  if (!existsSync(file)) throw new RowsFileError(`${file}: there is no such file.`);
  switch (extname(file).toLowerCase()) {
    case '.jsonl':
    case '.ndjson':
      return yield* fromJsonLines(file);
    case '.csv':
      return yield* fromCsv(file);
    default:
      throw new RowsFileError(`${file}: give a file that ends in .jsonl or .csv.`);
  }
}

async function* fromJsonLines(file: string): AsyncGenerator<SentPost> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    number++;
    if (line.trim() !== '') yield postOf(jsonObject(line, `${file}:${number}`), `${file}:${number}`);
  }
}

function jsonObject(line: string, place: string): RawRow {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    const { message } = error as SyntaxError;
    const column = Number(/position (\d+)/.exec(message)?.[1] ?? line.length) + 1;
    throw new RowsFileError(`${place}:${column}: this is no JSON (${message}). One object a line is needed.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RowsFileError(`${place}:1: the line holds no object. One object a line is needed.`);
  }
  return value as RawRow;
}

async function* fromCsv(file: string): AsyncGenerator<SentPost> {
  const parser = createReadStream(file).pipe(parse({ columns: true, bom: true, info: true, skip_empty_lines: true }));
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: Record<string, string>;
      info: { lines: number };
    }>) {
      const row = Object.fromEntries(Object.entries(record).map(([name, text]) => [name, csvValue(name, text)]));
      yield postOf(row, `${file}:${info.lines}`);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { lines, column } = error as CsvError & { lines?: number; column?: number | string };
    throw new RowsFileError(`${file}:${lines ?? 1}${column === undefined ? '' : `:${column}`}: ${error.message}`);
  }
}

const numberColumns = new Set(['index', 'ind', 'downloaded', 'latitude', 'longitude', 'age']);

function csvValue(column: string, text: string): string | number | null {
  if (text === '') return null;
  const isNumber = numberColumns.has(column) && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  return isNumber ? Number(text) : text;
}

function postOf(row: RawRow, place: string): SentPost {
  const named = feedNames.filter((feed) => isRow(row[feed]));
  if (named.length > 0 && Object.keys(row).every((name) => feedNames.includes(name as FeedName))) {
    const rows = named.map((feed) => [feed, { data: row[feed] }] as const);
    return { index: keyOf(row[named[0]!] as RawRow, place), rows };
  }
  return { index: keyOf(row, place), rows: [[feedOf(row, place), { data: row }]] };
}

const isRow = (value: unknown): value is RawRow => typeof value === 'object' && value !== null;

/** Columns that only one feed has. */
const marks: Readonly<Record<FeedName, readonly string[]>> = {
  pin: ['index', 'unique_id', 'follower_count', 'save_location'],
  geo: ['latitude', 'longitude', 'country', 'timestamp'],
  user: ['first_name', 'last_name', 'age', 'date_joined'],
};

function feedOf(row: RawRow, place: string): FeedName {
  const [best, second] = feedNames
    .map((feed) => ({ feed, count: marks[feed].filter((column) => column in row).length }))
    .sort((a, b) => b.count - a.count);
  if (best!.count === 0 || best!.count === second!.count) {
    const columns = Object.keys(row).join(', ');
    throw new RowsFileError(`${place}:1: no telling which feed this row belongs to (its columns: ${columns}).`);
  }
  return best!.feed;
}

function keyOf(row: RawRow, place: string): number | string {
  const key = row['index'] ?? row['ind'];
  if ((typeof key === 'number' || typeof key === 'string') && key !== '') return key;
  throw new RowsFileError(`${place}:1: the row has no column index or ind with the number of its post.`);
}
