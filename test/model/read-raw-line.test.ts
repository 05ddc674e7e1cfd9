import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rawLine } from '../../model/raw-line.ts';
import { readRawLine } from '../../model/read-raw-line.ts';

const place = { source: 'kafka', topic: 'demo.pin', partition: '1', offset: '42' } as const;
const record = (key: Uint8Array | null, value: Uint8Array | null) => ({
  ...place,
  arrivalMs: 1_700_000_000_000,
  key,
  value,
});

test('what was written is read', () => {
  const keys = fc.option(fc.oneof(fc.string(), fc.constant(',"value":')).map((text) => Buffer.from(text)));
  const values = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(keys, values, (key, value) => {
      const { bytes, ...read } = readRawLine(rawLine(record(key, value)));
      expect(read).toEqual({ ...place, arrivalMs: 1_700_000_000_000 });
      expect(Buffer.from(bytes)).toEqual(Buffer.from(value));
    }),
  );
});

test('numbers stay as they were written', () => {
  const text = '{"index": 9007199254740993, "latitude": 1.0, "a": ",\\"value\\":"}';
  expect(Buffer.from(readRawLine(rawLine(record(null, Buffer.from(text)))).bytes).toString()).toBe(text);
});

test('a record without a value has no bytes', () => {
  expect(readRawLine(rawLine(record(null, null))).bytes).toHaveLength(0);
});

test.each([
  ['no JSON', 'The line is no JSON'],
  ['{"source":"file"}', 'no place or time of arrival'],
])('%s is no raw line', (line, message) => expect(() => readRawLine(line)).toThrow(message));
