/** Where a row stands in the logs: `design.md` calls it the row's coordinate, and every count is by it. */
export interface Coordinate extends RecordCoordinate {
  /** Index of the row in its record. */
  readonly position: number;
}

export interface RecordCoordinate {
  readonly source: Source;
  /** Topic, or stream. */
  readonly topic: string;
  /** Partition, or shard id. */
  readonly partition: string;
  /** Offset, or sequence number: decimal digits, up to 56. */
  readonly offset: string;
}

export type Source = 'kafka' | 'kinesis';

export class CoordinateError extends Error {
  override readonly name = 'CoordinateError';
}

const namePattern = /^[A-Za-z0-9._-]+$/;
const offsetPattern = /^[0-9]{1,56}$/;
export const maxPosition = 999_999;

/** `kinesis/streaming-demo-pin/shardId-000000000000/4959…/0` */
export const formatCoordinate = (coordinate: Coordinate): string => parts(coordinate).join('/');

/** A record without the row: `kinesis/streaming-demo-pin/shardId-000000000000/4959…` */
export const formatRecord = ({ source, topic, partition, offset }: RecordCoordinate): string =>
  [source, topic, partition, offset].join('/');

/** The coordinate as one part of an object's key: `/` becomes `~`, which no part of a coordinate holds. */
export const coordinateInKey = (coordinate: Coordinate): string => parts(coordinate).join('~');

/** @throws CoordinateError when the text is no coordinate. */
export function parseCoordinate(written: string): Coordinate {
  const [source, topic, partition, offset, position, ...rest] = written.split(/[/~]/);
  if ((source !== 'kafka' && source !== 'kinesis') || !/^[0-9]{1,6}$/.test(position ?? '') || rest.length > 0) {
    throw new CoordinateError(`"${written}" is no coordinate: write source/topic/partition/offset/position.`);
  }
  return checked({
    source,
    topic: topic ?? '',
    partition: partition ?? '',
    offset: offset ?? '',
    position: Number(position),
  });
}

/** @throws CoordinateError when a part could not be told apart again in a key or would not sort. */
export function checked<C extends RecordCoordinate>(coordinate: C): C {
  const { topic, partition, offset } = coordinate;
  if (!namePattern.test(topic)) throw new CoordinateError(`"${topic}" is no topic or stream name.`);
  if (!namePattern.test(partition)) throw new CoordinateError(`"${partition}" is no partition or shard id.`);
  if (!offsetPattern.test(offset)) throw new CoordinateError(`"${offset}" is no offset or sequence number.`);
  return coordinate;
}

function parts(coordinate: Coordinate): readonly (string | number)[] {
  const { source, topic, partition, offset, position } = checked(coordinate);
  return [source, topic, partition, offset, position];
}
