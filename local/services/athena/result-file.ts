import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { parse } from 'csv-parse';

export type Row = readonly (string | null)[];

/** `csv` for rows of a query: all quoted, null is nothing. `txt` for what statements say: tabs, no quotes. */
export type ResultFormat = 'csv' | 'txt';

/** Writes rows to a file as they come, so that a large result needs no memory. */
export class ResultWriter {
  readonly file: string;
  readonly #stream: WriteStream;
  readonly #format: ResultFormat;

  constructor(file: string, format: ResultFormat) {
    this.file = file;
    this.#format = format;
    this.#stream = createWriteStream(file);
    // Told to whoever writes next.
    this.#stream.on('error', () => {});
  }

  async write(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    // It says so once, perhaps before anybody waits for it.
    if (this.#stream.errored) throw this.#stream.errored;
    const line = this.#format === 'csv' ? csvLine : txtLine;
    if (!this.#stream.write(rows.map(line).join(''))) await once(this.#stream, 'drain');
  }

  /** @returns the file's size in bytes */
  async end(): Promise<number> {
    this.#stream.end();
    await finished(this.#stream);
    return this.#stream.bytesWritten;
  }

  destroy(): void {
    this.#stream.destroy();
  }
}

const csvLine = (row: Row): string =>
  `${row.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',')}\n`;
const txtLine = (row: Row): string => `${row.map((value) => value ?? '').join('\t')}\n`;

export interface ResultPage {
  readonly rows: readonly Row[];
  /** Bytes read; undefined at the end of the file. */
  readonly read: number | undefined;
}

/** Reads up to `limit` rows from where the stream begins. */
export async function readPage(stream: Readable, format: ResultFormat, limit: number): Promise<ResultPage> {
  const parser = stream.pipe(
    parse({
      info: true,
      relax_column_count: true,
      ...(format === 'csv'
        ? { cast: (value: string, { quoting }: { quoting: boolean }) => (value === '' && !quoting ? null : value) }
        : { delimiter: '\t', quote: null }),
    }),
  );
  stream.once('error', (error) => parser.destroy(error));
  const rows: Row[] = [];
  let read = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Row; info: { bytes: number } }>) {
      if (rows.length === limit) return { rows, read };
      rows.push(record);
      read = info.bytes;
    }
  } finally {
    stream.destroy();
  }
  return { rows, read: undefined };
}
