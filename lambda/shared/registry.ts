import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type Registry, registryKey } from '../../model/counters/registry.ts';

/** The registry as it is now; undefined before the first change was counted. */
export async function readRegistry(
  client: DynamoDBClient,
  TableName: string,
  abortSignal?: AbortSignal,
): Promise<Registry | undefined> {
  const get = new GetItemCommand({ TableName, Key: marshall(registryKey), ConsistentRead: true });
  const { Item } = await client.send(get, { ...(abortSignal && { abortSignal }) });
  return Item && registryIn(Item);
}

/** @returns whether there was none */
export async function createRegistry(
  client: DynamoDBClient,
  TableName: string,
  registry: Registry,
  abortSignal: AbortSignal,
): Promise<boolean> {
  const Item = marshall({ ...registryKey, ...registry });
  try {
    const put = new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
    await client.send(put, { abortSignal });
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

/** Has the counters of this generation and of lower ones known to miss a change. Nothing where there is no registry. */
export async function markInexact(
  client: DynamoDBClient,
  TableName: string,
  upTo: number,
  abortSignal?: AbortSignal,
): Promise<void> {
  const update = new UpdateItemCommand({
    TableName,
    Key: marshall(registryKey),
    UpdateExpression: 'SET inexactUpTo = :upTo',
    ConditionExpression: 'inexactUpTo < :upTo',
    ExpressionAttributeValues: marshall({ ':upTo': upTo }),
  });
  try {
    await client.send(update, { ...(abortSignal && { abortSignal }) });
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

function registryIn(item: Record<string, AttributeValue>): Registry {
  const { newest, inexactUpTo, metrics } = unmarshall(item) as Registry;
  return { newest, inexactUpTo, metrics };
}
