import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { fateUnder, type StoredFate } from '../../../model/accounting.ts';
import { unstamped } from '../../../model/counters/registry.ts';
import type { Part, Post } from '../../../model/post.ts';
import type { FeedName } from '../../../model/rules/rule.ts';
import type { NewestGeneration } from './newest-generation.ts';

export interface Posts {
  /** Stores the part unless the post has it already, or one of a greater order key. Doing it twice changes nothing. */
  write(feed: FeedName, ind: number, part: Part, signal: AbortSignal): Promise<Written>;
}

/** `unchanged`: the post had the part already. */
export type Written = StoredFate | 'unchanged';

/** @param newest what a post is stamped with, so that all counters of that generation and those below count it */
export function dynamoPosts(client: DynamoDBClient, table: string, newest: NewestGeneration): Posts {
  return {
    async write(feed, ind, part, abortSignal) {
      for (;;) {
        const generation = await newest.current(abortSignal);
        try {
          await client.send(updateOf(table, feed, ind, part, generation), { abortSignal });
          return 'applied';
        } catch (error) {
          if (!(error instanceof ConditionalCheckFailedException)) throw error;
          const stored = error.Item && (unmarshall(error.Item) as Post);
          if ((stored?.gen ?? unstamped) <= generation) return fateUnderStored(stored?.[feed], part);
          newest.heardOf(stored!.gen!);
        }
      }
    },
  };
}

/** A stamp is never lowered. */
const updateOf = (TableName: string, feed: FeedName, ind: number, part: Part, generation: number) =>
  new UpdateItemCommand({
    TableName,
    Key: marshall({ ind }),
    UpdateExpression: 'SET #feed = :part, gen = :gen',
    ConditionExpression:
      '(attribute_not_exists(#feed) OR #feed.k < :k OR (#feed.k = :k AND #feed.#rules < :rules)) ' +
      'AND (attribute_not_exists(gen) OR gen <= :gen)',
    // RULES is a reserved word.
    ExpressionAttributeNames: { '#feed': feed, '#rules': 'rules' },
    ExpressionAttributeValues: marshall({ ':part': part, ':k': part.k, ':rules': part.rules, ':gen': generation }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });

function fateUnderStored(stored: Part | undefined, part: Part): Written {
  if (stored === undefined) return 'superseded';
  return stored.k === part.k ? 'unchanged' : fateUnder(stored, part.k, part.fields);
}
