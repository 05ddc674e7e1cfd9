import type { FeedName } from '../../model/rules/rule.ts';
import { type Answer, asciiJson, type Headers, jsonBody, recordBody } from './door.ts';

export const doorNames = ['streams', 'topics'] as const;
export type DoorName = (typeof doorNames)[number];

export interface DoorRequest {
  readonly method: string;
  /** Below the stage. */
  readonly path: string;
  readonly body: string;
  readonly headers: Headers;
}

/** How the public emulators hand over a row, by door. */
export const requestsTo: Readonly<
  Record<DoorName, (deployment: string, feed: FeedName, data: unknown, index: number | string) => DoorRequest>
> = {
  streams: (deployment, feed, data, index) => {
    const stream = `streaming-${deployment}-${feed}`;
    const body = recordBody(stream, data, String(index));
    return { method: 'PUT', path: `/streams/${stream}/record`, body, headers: jsonBody };
  },
  topics: (deployment, feed, data) => ({
    method: 'POST',
    path: `/topics/${deployment}.${feed}`,
    body: asciiJson({ records: [{ value: data }] }),
    headers: { 'Content-Type': 'application/vnd.kafka.json.v2+json' },
  }),
};

/** What an answer says of the record. */
export interface Told {
  /** Of the record in its stream. */
  readonly sequenceNumber?: string;
  readonly shardId?: string;
  /** Of the record in its topic. */
  readonly partition?: number;
  readonly offset?: number;
  /** What the door said when it did not take the record, or why no answer came. */
  readonly message?: string;
}

export function toldBy(door: DoorName, { status, body, error }: Answer): Told {
  if (error !== undefined) return { message: error };
  let said: Readonly<Record<string, unknown>>;
  try {
    said = JSON.parse(body) ?? {};
  } catch {
    return { message: `the answer is no JSON: ${body.slice(0, 80)}` };
  }
  const taken = status === 200 ? placeIn[door](said) : undefined;
  const { message } = said;
  return taken ?? { message: typeof message === 'string' ? message : body.slice(0, 200) };
}

const placeIn: Readonly<Record<DoorName, (said: Readonly<Record<string, unknown>>) => Told | undefined>> = {
  streams: ({ SequenceNumber: sequenceNumber, ShardId: shardId }) =>
    typeof sequenceNumber === 'string' && typeof shardId === 'string' ? { sequenceNumber, shardId } : undefined,
  topics: ({ offsets }) => {
    const [first] = Array.isArray(offsets) ? (offsets as readonly Readonly<Record<string, unknown>>[]) : [];
    const { partition, offset } = first ?? {};
    return typeof partition === 'number' && typeof offset === 'number' ? { partition, offset } : undefined;
  },
};
