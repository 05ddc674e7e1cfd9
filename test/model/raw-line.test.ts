import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CoordinateError } from '../../model/coordinates.ts';
import { type RawRecord, rawKey, rawLine } from '../../model/raw-line.ts';
import type { FeedName } from '../../model/rules/rule.ts';

type Bytes = { readonly text: string } | { readonly base64: string } | null;
type Place = Pick<RawRecord, 'source' | 'topic' | 'partition' | 'offset'> & { readonly timestamp: number };

const { lines, keys } = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'vectors', 'raw-lines.json'), 'utf8'),
) as {
  lines: { name: string; record: Place & { key: Bytes; value: Bytes }; line: string }[];
  keys: { name: string; feed: FeedName; record: Place; key: string }[];
};

const bytes = (given: Bytes) =>
  given && ('text' in given ? Buffer.from(given.text) : Buffer.from(given.base64, 'base64'));
const recordOf = ({ timestamp, ...place }: Place, key: Bytes = null, value: Bytes = null): RawRecord => ({
  ...place,
  arrivalMs: timestamp,
  key: bytes(key),
  value: bytes(value),
});

test.each(lines)('line: $name', ({ record: { key, value, ...place }, line }) => {
  expect(rawLine(recordOf(place, key, value))).toBe(line);
  expect(() => JSON.parse(line)).not.toThrow();
  expect(line).not.toMatch(/[\r\n]/);
});

test.each(keys)('key: $name', ({ feed, record, key }) => {
  expect(rawKey(feed, recordOf(record))).toBe(key);
});

test('a place that is none is no line', () => {
  const { record } = keys[0]!;
  expect(() => rawLine(recordOf({ ...record, topic: 'a+b' }))).toThrow(CoordinateError);
  expect(() => rawKey('pin', recordOf({ ...record, offset: '-1' }))).toThrow(CoordinateError);
});
