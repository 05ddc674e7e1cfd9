import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { foldedAttribute, foldedUpTo, isOver, sequenceOf } from '../../../model/counters/keys.ts';
import type { AggregateStores } from './aggregate-batch.ts';

/** The counters in their table. */
export function dynamoCounters(
  client: DynamoDBClient,
  TableName: string,
  now: () => number,
): AggregateStores['counters'] {
  return {
    async add({ pk, sk, expiresAt, shard, amount, first, last }, abortSignal) {
      const Key = { pk: { S: pk }, sk: { S: sk } };
      const folded = foldedAttribute(shard);
      const update = new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression: `ADD #v :amount SET #folded = :last${expiresAt === undefined ? '' : ', #ttl = :expiresAt'}`,
        ConditionExpression: 'attribute_not_exists(#folded) OR #folded < :first',
        ExpressionAttributeNames: { '#v': 'v', '#folded': folded, ...(expiresAt !== undefined && { '#ttl': 'ttl' }) },
        ExpressionAttributeValues: {
          ':amount': { N: String(amount) },
          ':first': { S: first },
          ':last': { S: foldedUpTo(last, now()) },
          ...(expiresAt !== undefined && { ':expiresAt': { N: String(expiresAt) } }),
        },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      try {
        const { Attributes = {} } = await client.send(update, { abortSignal });
        await forget(Key, overIn(Attributes, now()), abortSignal);
        return undefined;
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const upTo = error.Item?.[folded]?.S;
        if (upTo === undefined) throw error;
        return sequenceOf(upTo);
      }
    },
  };

  /** Keeps an item below the 1 KB of a write unit, however many shards there have been. */
  async function forget(
    Key: Record<string, AttributeValue>,
    over: readonly (readonly [string, AttributeValue])[],
    abortSignal: AbortSignal,
  ): Promise<void> {
    if (over.length === 0) return;
    const update = new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression: `REMOVE ${over.map((_, at) => `#s${at}`).join(', ')}`,
      ConditionExpression: over.map((_, at) => `#s${at} = :s${at}`).join(' AND '),
      ExpressionAttributeNames: Object.fromEntries(over.map(([name], at) => [`#s${at}`, name])),
      ExpressionAttributeValues: Object.fromEntries(over.map(([, value], at) => [`:s${at}`, value])),
    });
    // The counter is right with them and without them, so a failure is no reason to try the addition again.
    await client.send(update, { abortSignal }).catch(() => undefined);
  }
}

const overIn = (item: Readonly<Record<string, AttributeValue>>, now: number) =>
  Object.entries(item).filter(([name, { S }]) => name.startsWith('s:') && S !== undefined && isOver(S, now));
