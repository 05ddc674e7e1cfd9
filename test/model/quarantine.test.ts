import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { feeds } from '../../model/feeds/index.ts';
import { ParkedBatchError, parkedRecords } from '../../model/kinesis-event.ts';
import {
  coordinateOfKey,
  judgedAgain,
  parseQuarantined,
  type QuarantinedRow,
  QuarantineError,
  quarantinedRow,
  quarantineKey,
  sameRefusal,
} from '../../model/quarantine.ts';
import { type LogRecord, type Row, rowsOf } from '../../model/rows.ts';

const record = (text: string): LogRecord => ({
  source: 'kinesis',
  topic: 'streaming-demo-geo',
  partition: 'shardId-000000000000',
  offset: '49',
  arrivalMs: 1_598_586_767_123,
  bytes: Buffer.from(text),
});
const good = { ind: 1, country: 'A', latitude: 1, longitude: 2, timestamp: '2020-08-28 03:52:47' };

/** A refused row as the quarantine keeps it, written and read. */
const keep = (row: Row): QuarantinedRow => {
  if (row.result.ok) throw new Error('The row is accepted.');
  const { rule, field, reason } = row.result;
  return parseQuarantined(JSON.stringify(quarantinedRow(feeds.geo, row, { rule, field, reason }, new Date(0))));
};
const seen = ({ coordinate, orderKey, arrivalMs, result }: Row) => ({ coordinate, orderKey, arrivalMs, result });

describe('a quarantined row judged again', () => {
  test('has its coordinate, order key and refusal, wherever it stood in its record', () => {
    const values = fc.array(
      fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(good, JSON.stringify(good), [good, good])),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(fc.oneof(values, fc.jsonValue()), (value) => {
        for (const row of rowsOf(record(JSON.stringify(value)), feeds.geo)) {
          if (row.result.ok) continue;
          expect(judgedAgain(keep(row)).map(seen)).toEqual([seen(row)]);
        }
      }),
    );
  });

  test('is stored as it would have been, where today’s rules accept it', () => {
    const [first, second] = rowsOf(record(JSON.stringify([good, good])), feeds.geo);
    const older = (row: Row): QuarantinedRow => ({
      ...quarantinedRow(feeds.geo, row, { rule: 'range', field: 'latitude', reason: 'once' }, new Date(0)),
      rulesVersion: 0,
    });
    expect(judgedAgain(older(first!)).map(seen)).toEqual([seen(first!)]);
    expect(judgedAgain(older(second!)).map(seen)).toEqual([seen(second!)]);
  });

  test('is every row of its record, where the record was refused as a whole', () => {
    const rows = rowsOf(record(JSON.stringify([good, { name: 'Maya' }])), feeds.geo);
    const whole = quarantinedRow(
      feeds.geo,
      { ...rows[0]!, rawBytes: record(JSON.stringify([good, { name: 'Maya' }])).bytes },
      { rule: 'rows', field: null, reason: 'too many' },
      new Date(0),
    );
    expect(judgedAgain(whole).map(seen)).toEqual(rows.map(seen));
  });

  test('kept with its whole record, is itself alone', () => {
    const deep = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const row = rowsOf(record(`[${JSON.stringify(good)},${deep}]`), feeds.geo)[1]!;
    expect(judgedAgain(keep(row)).map(seen)).toEqual([seen(row)]);
  });
});

test('a refusal is the same for the same rule, field and reason of the same version', () => {
  const refusal = { rule: 'shape', field: 'ind', reason: 'ind is missing' } as const;
  const kept = { ...refusal, rulesVersion: feeds.geo.rules } as QuarantinedRow;
  expect(sameRefusal(kept, feeds.geo, refusal)).toBe(true);
  for (const other of [{ rulesVersion: 0 }, { rule: 'text' }, { field: null }, { reason: '' }] as object[]) {
    expect(sameRefusal({ ...kept, ...other }, feeds.geo, refusal)).toBe(false);
  }
});

test('a key tells the coordinate', () => {
  const [row] = rowsOf(record('hello'), feeds.geo);
  const key = quarantineKey('speed', 'geo', row!.arrivalMs, row!.coordinate);
  expect(key).toBe('quarantine/speed/geo/dt=2020-08-28/kinesis~streaming-demo-geo~shardId-000000000000~49~0.json');
  expect(coordinateOfKey(key)).toEqual(row!.coordinate);
  for (const other of ['quarantine/speed/geo/', 'quarantine/speed/geo/notes.json', 'a.txt']) {
    expect(coordinateOfKey(other)).toBeUndefined();
  }
});

const valid = keep(rowsOf(record('hello'), feeds.geo)[0]!);

test.each<[string, unknown]>([
  ['no JSON', '{'],
  ['null', null],
  ['no coordinate', { ...valid, coordinate: undefined }],
  ['a coordinate that is none', { ...valid, coordinate: { ...valid.coordinate, offset: '../x' } }],
  ['an unknown feed', { ...valid, feed: 'other' }],
  ['no time', { ...valid, arrival: 'yesterday' }],
  ['no bytes', { ...valid, rawBase64: undefined }],
])('an object with %s is no quarantined row', (_, value) => {
  expect(() => parseQuarantined(value === '{' ? '{' : JSON.stringify(value))).toThrow(QuarantineError);
});

test.each(['', '{}', 'null', '{"payload":"{}"}', '{"payload":"{\\"Records\\":[{}]}"}'])(
  '%j is no parked batch',
  (text) => {
    expect(() => parkedRecords(text)).toThrow(ParkedBatchError);
  },
);
