import { describe, expect, test } from '@jest/globals';
import { feeds } from '../../model/feeds/index.ts';
import { type LogRecord, rowsOf } from '../../model/rows.ts';
import { unwrap } from '../../model/unwrap.ts';
import { vectors } from './vectors.ts';

interface RecordVector {
  readonly name: string;
  /** The record's bytes, as UTF-8 text or in base64. */
  readonly text?: string;
  readonly base64?: string;
  readonly rows?: readonly unknown[];
  readonly refused?: string;
}

const geoRow = '{"ind":1,"country":"A","latitude":1,"longitude":2,"timestamp":"2020-08-28 03:52:47"}';

describe('unwrapping', () => {
  test.each(vectors<RecordVector>('records'))('$name', ({ text, base64, rows, refused }) => {
    const result = unwrap(base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64'));
    if (result.ok) expect(result.rows).toEqual(rows);
    else expect(result.refusal).toEqual({ rule: refused, field: null, reason: expect.stringContaining('send') });
  });
});

describe('rows of a record', () => {
  const record = (text: string): LogRecord => ({
    source: 'kinesis',
    topic: 'streaming-demo-geo',
    partition: 'shardId-000000000000',
    offset: '49',
    arrivalMs: 1_598_586_767_123,
    bytes: Buffer.from(text),
  });

  test('each has its position, and bytes that unwrap to it alone', () => {
    const rows = rowsOf(record(`[${geoRow}, {"name":"Maya"}]`), feeds.geo);

    expect(rows.map(({ coordinate }) => coordinate.position)).toEqual([0, 1]);
    expect(rows.map(({ orderKey }) => orderKey.slice(-7))).toEqual(['#000000', '#000001']);
    expect(rows.map(({ result }) => result.ok)).toEqual([true, false]);
    for (const row of rows) {
      const [again, ...others] = rowsOf({ ...record(''), bytes: row.rawBytes }, feeds.geo);
      expect(others).toEqual([]);
      expect(again?.result).toEqual(row.result);
    }
  });

  test('one row keeps the bytes of its record', () => {
    const raw = ` [ ${geoRow} ] `;
    expect(Buffer.from(rowsOf(record(raw), feeds.geo)[0]!.rawBytes).toString()).toBe(raw);
  });

  test('what cannot be unwrapped is a row at position 0', () => {
    const rows = rowsOf(record('hello'), feeds.geo);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ coordinate: { position: 0 }, result: { ok: false, rule: 'unwrap' } });
  });

  test('a row with a number beyond a double is kept with its record', () => {
    const raw = `[${geoRow},{"ind":1e400}]`;
    const [, row] = rowsOf(record(raw), feeds.geo);
    expect(row?.result.ok).toBe(false);
    expect(Buffer.from(row!.rawBytes).toString()).toBe(raw);
  });

  test('a row nested too deeply to be written again is kept with its record', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const rows = rowsOf(record(`[${geoRow},${deep}]`), feeds.geo);
    expect(rows[1]?.result).toMatchObject({ ok: false, rule: 'shape' });
    expect(rows[1]?.rawBytes.length).toBeGreaterThan(400_000);
  });
});
