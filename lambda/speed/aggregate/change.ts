import type { AttributeValue as Value } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { padded } from '../../../model/counters/keys.ts';
import type { Post } from '../../../model/post.ts';
import { feedNames } from '../../../model/rules/rule.ts';

/** A change of a post. Both undefined: nothing to count. */
export interface Change {
  /** Of one length, so that they compare bytewise. */
  readonly sequence: string;
  readonly createdAtMs: number;
  readonly before: Post | undefined;
  readonly after: Post | undefined;
}

/** A record of the change stream cannot be understood. */
export class ChangeRecordError extends Error {
  override readonly name = 'ChangeRecordError';
}

type Image = Readonly<Record<string, AttributeValue>>;

/** What expires is no retraction: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
const expired = ({ eventName, userIdentity }: DynamoDBRecord): boolean =>
  eventName === 'REMOVE' && userIdentity?.type === 'Service' && userIdentity.principalId === 'dynamodb.amazonaws.com';

/**
 * A change is read from its images alone, not from what the event is called.
 * @throws ChangeRecordError
 */
export function changeOf(record: DynamoDBRecord): Change {
  const { SequenceNumber, ApproximateCreationDateTime, OldImage, NewImage } = record.dynamodb ?? {};
  if (!/^[0-9]{1,40}$/.test(SequenceNumber ?? '')) throw new ChangeRecordError(`No sequence number: ${SequenceNumber}`);
  if (OldImage === undefined && NewImage === undefined) throw new ChangeRecordError('Neither image');
  const nothing = expired(record);
  return {
    sequence: padded(SequenceNumber!),
    createdAtMs: (ApproximateCreationDateTime ?? 0) * 1000,
    before: nothing || OldImage === undefined ? undefined : postOf(OldImage),
    after: NewImage === undefined ? undefined : postOf(NewImage),
  };
}

/** The post that an item of the posts table is. @throws ChangeRecordError when it is none */
export function postOf(image: Image): Post {
  let item: Record<string, unknown>;
  try {
    item = unmarshall(image as Record<string, Value>);
  } catch (error) {
    throw new ChangeRecordError(`No item: ${(error as Error).message}`);
  }
  const { ind, gen } = item;
  if (!Number.isSafeInteger(ind)) throw new ChangeRecordError('ind is no whole number');
  if (gen !== undefined && !Number.isSafeInteger(gen)) throw new ChangeRecordError('gen is no whole number');
  for (const feed of feedNames) {
    if (item[feed] !== undefined && !isPart(item[feed])) throw new ChangeRecordError(`${feed} is no part of a post`);
  }
  return item as unknown as Post;
}

function isPart(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { k, rules, fields } = value as Record<string, unknown>;
  return typeof k === 'string' && typeof rules === 'number' && typeof fields === 'object' && fields !== null;
}
