import { checked } from './coordinates.ts';
import type { LogRecord } from './rows.ts';

/** A line of a raw object that no writer of raw writes. */
export class RawLineError extends Error {
  override readonly name = 'RawLineError';
}

const value = ',"value":';

/**
 * The record of a raw line, its value's bytes as `rawLine` was given them but for line breaks between tokens. A record
 * without a value has no bytes.
 * @throws RawLineError, CoordinateError
 */
export function readRawLine(line: string): LogRecord {
  let members: Readonly<Record<string, unknown>>;
  try {
    members = JSON.parse(line);
  } catch (error) {
    throw new RawLineError(`The line is no JSON: ${(error as Error).message}`);
  }
  const { source, topic, partition, offset, timestamp, valueBase64 } = members;
  if ((source !== 'kafka' && source !== 'kinesis') || !Number.isSafeInteger(timestamp)) {
    throw new RawLineError(`The line has no place or time of arrival: ${line.slice(0, 200)}`);
  }
  const place = checked({ source, topic: String(topic), partition: String(partition), offset: String(offset) });
  return { ...place, arrivalMs: timestamp as number, bytes: bytesOf(line, valueBase64) };
}

/** The text of a JSON value is taken as it stands: read and written again, its numbers could be others. */
function bytesOf(line: string, valueBase64: unknown): Uint8Array {
  if (typeof valueBase64 === 'string') return Buffer.from(valueBase64, 'base64');
  // Within a text of JSON the quotes would be escaped, and `value` is the last member.
  const at = line.indexOf(value);
  return Buffer.from(at === -1 ? '' : line.slice(at + value.length, line.lastIndexOf('}')));
}
