import { type Coordinate, CoordinateError, checked, maxPosition } from './coordinates.ts';

/** Epoch milliseconds in 13 digits. */
export const latestArrivalMs = 9_999_999_999_999;

/**
 * The text by which arrivals of a post are ordered, bytewise, in every layer: of two, the greater wins.
 * `arrival ms (13 digits)#source#topic#partition#offset (56 digits)#position (6 digits)`. `#` sorts before
 * every character of a name, so a name sorts before its extensions.
 * @param arrivalMs epoch milliseconds: ApproximateArrivalTimestamp, or the record's LogAppendTime
 * @throws CoordinateError when a part would break the order.
 */
export function orderKey(arrivalMs: number, coordinate: Coordinate): string {
  const { source, topic, partition, offset, position } = checked(coordinate);
  if (!Number.isInteger(arrivalMs) || arrivalMs < 0 || arrivalMs > latestArrivalMs) {
    throw new CoordinateError(`${arrivalMs} is no arrival time in milliseconds.`);
  }
  if (!Number.isInteger(position) || position < 0 || position > maxPosition) {
    throw new CoordinateError(`${position} is no position in a record: 0 to ${maxPosition}.`);
  }
  const arrival = String(arrivalMs).padStart(13, '0');
  return [arrival, source, topic, partition, offset.padStart(56, '0'), String(position).padStart(6, '0')].join('#');
}
