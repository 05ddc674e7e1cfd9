import type { Coordinate, RecordCoordinate } from './coordinates.ts';
import { orderKey } from './order-key.ts';
import { type CleanResult, cleanRow } from './rules/clean-row.ts';
import type { Feed } from './rules/rule.ts';
import { unwrap } from './unwrap.ts';

/** A record as a log holds it. */
export interface LogRecord extends RecordCoordinate {
  /** Epoch milliseconds: ApproximateArrivalTimestamp, or LogAppendTime. */
  readonly arrivalMs: number;
  readonly bytes: Uint8Array;
}

export interface Row {
  readonly coordinate: Coordinate;
  readonly orderKey: string;
  readonly arrivalMs: number;
  /** What unwraps to this row alone: the record's own bytes where it holds one row, else the row as JSON. */
  readonly rawBytes: Uint8Array;
  readonly result: CleanResult;
}

/**
 * The rows of one record, each with its place in the log and what the feed's rules make of it. At least one: what
 * cannot be unwrapped is a refused row at position 0.
 * @throws CoordinateError when the record's place is none.
 */
export function rowsOf(record: LogRecord, feed: Feed): readonly Row[] {
  const unwrapped = unwrap(record.bytes);
  if (!unwrapped.ok) return [rowOf(record, 0, { ok: false, ...unwrapped.refusal })];
  const { rows } = unwrapped;
  return rows.map((row, position) =>
    rowOf(record, position, cleanRow(feed, row), () =>
      rows.length === 1 ? record.bytes : jsonBytes(row, record.bytes),
    ),
  );
}

/** A row at a position of its record. */
export function rowOf(
  record: LogRecord,
  position: number,
  result: CleanResult,
  rawBytes: () => Uint8Array = () => record.bytes,
): Row {
  const { source, topic, partition, offset, arrivalMs } = record;
  const coordinate = { source, topic, partition, offset, position };
  return {
    coordinate,
    orderKey: orderKey(arrivalMs, coordinate),
    arrivalMs,
    get rawBytes() {
      return rawBytes();
    },
    result,
  };
}

/**
 * An element that is no object stays in an array of its own: alone it would be unwrapped, or be several rows.
 * What cannot be written again stays in its record: JSON nested too deeply, numbers beyond a double.
 */
function jsonBytes(row: unknown, record: Uint8Array): Uint8Array {
  const isObject = typeof row === 'object' && row !== null && !Array.isArray(row);
  try {
    return Buffer.from(JSON.stringify(isObject ? row : [row], finite));
  } catch {
    return record;
  }
}

/** JSON has no text for Infinity: it would be null. */
function finite(_name: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('It is no number of JSON.');
  return value;
}
