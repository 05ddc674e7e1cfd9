import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';

/**
 * Rows of the CSV that Athena writes of a query, the names of the columns first: all values are quoted, NULL is nothing.
 * @see https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 */
export function resultRows(csv: Readable): AsyncIterable<readonly (string | null)[]> {
  const parser = csv.pipe(
    parse({ cast: (value: string, { quoting }: { quoting: boolean }) => (value === '' && !quoting ? null : value) }),
  );
  csv.once('error', (error) => parser.destroy(error));
  return parser;
}

/** Bucket and key of `s3://bucket/key`. */
export function placeOf(location: string): { readonly Bucket: string; readonly Key: string } {
  const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(location) ?? [];
  return { Bucket, Key };
}
