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
  if (!unwrapped.ok) return [rowAt(record, 0, { ok: false, ...unwrapped.refusal }, () => record.bytes)];
  const { rows } = unwrapped;
  return rows.map((row, position) =>
    rowAt(record, position, cleanRow(feed, row), () =>
      rows.length === 1 ? record.bytes : jsonBytes(row, record.bytes),
    ),
  );
}

function rowAt(record: LogRecord, position: number, result: CleanResult, rawBytes: () => Uint8Array): Row {
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

/** JSON nested too deeply to be written again stays in its record. */
function jsonBytes(row: unknown, record: Uint8Array): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(row));
  } catch {
    return record;
  }
}
