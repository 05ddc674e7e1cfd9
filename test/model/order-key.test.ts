import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Coordinate,
  CoordinateError,
  coordinateInKey,
  formatCoordinate,
  parseCoordinate,
} from '../../model/coordinates.ts';
import { orderKey } from '../../model/order-key.ts';
import { vectors } from './vectors.ts';

interface KeyVector {
  readonly arrivalMs: number;
  readonly coordinate: Coordinate;
  readonly written: string;
  readonly key: string;
}

const cases = vectors<KeyVector>('order-keys');

describe('order keys', () => {
  test.each(cases)('$written', ({ arrivalMs, coordinate, written, key }) => {
    expect(orderKey(arrivalMs, coordinate)).toBe(key);
    expect(formatCoordinate(coordinate)).toBe(written);
    expect(parseCoordinate(written)).toEqual(coordinate);
    expect(parseCoordinate(coordinateInKey(coordinate))).toEqual(coordinate);
    expect(coordinateInKey(coordinate)).not.toContain('/');
  });

  test('the vectors are in ascending order', () => {
    const keys = cases.map(({ key }) => key);
    expect([...keys].sort()).toEqual(keys);
  });

  test('compare as the tuples they are made of', () => {
    const name = fc.stringMatching(/^[ab._-][ab0._-]{0,3}$/);
    const arrivals = fc.record({
      arrivalMs: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 9_999_999_999_999 })),
      source: fc.constantFrom('kafka' as const, 'kinesis' as const),
      topic: name,
      partition: name,
      offset: fc.oneof(fc.nat(20), fc.bigInt({ min: 0n, max: 10n ** 56n - 1n })).map(String),
      position: fc.oneof(fc.nat(20), fc.integer({ min: 0, max: 999_999 })),
    });
    fc.assert(
      fc.property(arrivals, arrivals, (one, other) => {
        const bytewise = Math.sign(
          Buffer.compare(Buffer.from(orderKey(one.arrivalMs, one)), Buffer.from(orderKey(other.arrivalMs, other))),
        );
        expect(bytewise).toBe(
          compared(one.arrivalMs, other.arrivalMs) ||
            compared(one.source, other.source) ||
            compared(one.topic, other.topic) ||
            compared(one.partition, other.partition) ||
            compared(BigInt(one.offset), BigInt(other.offset)) ||
            compared(one.position, other.position),
        );
      }),
      { numRuns: 2000 },
    );
  });

  const place: Coordinate = { source: 'kinesis', topic: 't', partition: '0', offset: '1', position: 0 };
  test.each<[number, Partial<Coordinate>]>([
    [-1, {}],
    [1.5, {}],
    [Number.NaN, {}],
    [10_000_000_000_000, {}],
    [0, { topic: 'a#b' }],
    [0, { topic: '' }],
    [0, { partition: 'a/b' }],
    [0, { offset: '-1' }],
    [0, { offset: '9'.repeat(57) }],
    [0, { position: 1_000_000 }],
    [0, { position: -1 }],
  ])('refuses arrival %p with %p', (arrivalMs, part) => {
    expect(() => orderKey(arrivalMs, { ...place, ...part })).toThrow(CoordinateError);
  });

  test.each(['', 'kinesis/t/0/1', 'kinesis/t/0/1/0/0', 'other/t/0/1/0', 'kinesis/t/0/1/x'])(
    '"%s" is no coordinate',
    (text) => {
      expect(() => parseCoordinate(text)).toThrow(CoordinateError);
    },
  );
});

const compared = <T>(one: T, other: T): number => (one < other ? -1 : one > other ? 1 : 0);
