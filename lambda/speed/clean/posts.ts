import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { fateUnder, type StoredFate } from '../../../model/accounting.ts';
import type { Part, Post } from '../../../model/post.ts';
import type { FeedName } from '../../../model/rules/rule.ts';

export interface Posts {
  /** Stores the part unless the post has it already, or one of a greater order key. Doing it twice changes nothing. */
  write(feed: FeedName, ind: number, part: Part, signal: AbortSignal): Promise<Written>;
}

/** `unchanged`: the post had the part already. */
export type Written = StoredFate | 'unchanged';

export function dynamoPosts(client: DynamoDBClient, table: string): Posts {
  return {
    async write(feed, ind, part, abortSignal) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: marshall({ ind }),
        UpdateExpression: 'SET #feed = :part',
        ConditionExpression: 'attribute_not_exists(#feed) OR #feed.k < :k OR (#feed.k = :k AND #feed.#rules < :rules)',
        // RULES is a reserved word.
        ExpressionAttributeNames: { '#feed': feed, '#rules': 'rules' },
        ExpressionAttributeValues: marshall({ ':part': part, ':k': part.k, ':rules': part.rules }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        await client.send(update, { abortSignal });
        return 'applied';
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return fateUnderStored(error.Item, feed, part);
        throw error;
      }
    },
  };
}

function fateUnderStored(item: Record<string, AttributeValue> | undefined, feed: FeedName, part: Part): Written {
  const stored = item && (unmarshall(item) as Post)[feed];
  if (stored === undefined) return 'superseded';
  return stored.k === part.k ? 'unchanged' : fateUnder(stored, part.k, part.fields);
}
