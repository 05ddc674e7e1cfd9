import type { RecordCoordinate } from './coordinates.ts';
import { checked } from './coordinates.ts';
import type { FeedName } from './rules/rule.ts';

/** A record as raw keeps it. */
export interface RawRecord extends RecordCoordinate {
  /** Epoch milliseconds, 0 to 13 digits. */
  readonly arrivalMs: number;
  readonly key: Uint8Array | null;
  /** null: the log holds no value, as for a tombstone of a topic. */
  readonly value: Uint8Array | null;
}

/** Name of the metadata that says where an object's records end: the next object begins after it. */
export const lastOffsetMetadata = 'last-offset';
export const recordsMetadata = 'records';
/** JSON nested more deeply is kept as base64: readers of JSON in SQL engines give up on it. */
export const maxJsonDepth = 256;

/**
 * One line of a raw object, without its line feed. Members in this order: `source`, `topic`, `partition`, `offset`,
 * `timestamp`, `key` or `keyBase64`, and last `value` (the JSON text as it came, its line breaks removed) or
 * `valueBase64` (whatever is no JSON); neither where there is no value. The sink connector writes the same bytes.
 * @throws CoordinateError
 */
export function rawLine(record: RawRecord): string {
  const { source, topic, partition, offset } = checked(record);
  const place = JSON.stringify({ source, topic, partition, offset, timestamp: record.arrivalMs });
  return `${place.slice(0, -1)},${keyMember(record.key)}${valueMember(record.value)}}`;
}

/**
 * The object that begins with a record: `raw/{feed}/dt={arrival date}/{topic}+{partition}+{offset}.jsonl.gz`, the offset
 * in 20 digits for topics, in 56 for streams. It is made of the first record alone, so two writers that begin at the
 * same record want the same object.
 * @throws CoordinateError
 */
export function rawKey(feed: FeedName, first: RawRecord): string {
  const { source, topic, partition, offset } = checked(first);
  const digits = offset.padStart(source === 'kinesis' ? 56 : 20, '0');
  return `raw/${feed}/dt=${arrivalDate(first.arrivalMs)}/${topic}+${partition}+${digits}.jsonl.gz`;
}

/** `YYYY-MM-DD`, UTC. */
export const arrivalDate = (arrivalMs: number): string => new Date(arrivalMs).toISOString().slice(0, 10);

function keyMember(key: Uint8Array | null): string {
  if (key === null) return '"key":null';
  const text = utf8(key);
  return text === undefined ? `"keyBase64":"${base64(key)}"` : `"key":${JSON.stringify(text)}`;
}

function valueMember(value: Uint8Array | null): string {
  if (value === null) return '';
  const text = utf8(value);
  if (text === undefined || !isJson(text)) return `,"valueBase64":"${base64(value)}"`;
  // In JSON they only stand between tokens.
  return `,"value":${text.replace(/[\r\n]/g, '')}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
  } catch {
    return false;
  }
  return depth(text) <= maxJsonDepth;
}

/** Of valid JSON. */
function depth(json: string): number {
  let open = 0;
  let deepest = 0;
  let inText = false;
  for (let at = 0; at < json.length; at++) {
    const character = json[at]!;
    if (inText) {
      if (character === '\\') at++;
      else if (character === '"') inText = false;
    } else if (character === '"') inText = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++open);
    else if (character === '}' || character === ']') open--;
  }
  return deepest;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** undefined: the bytes are no UTF-8. A byte order mark stays. */
function utf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
