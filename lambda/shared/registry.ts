import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
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

function registryIn(item: Record<string, AttributeValue>): Registry {
  const { newest, inexactUpTo, metrics } = unmarshall(item) as Registry;
  return { newest, inexactUpTo, metrics };
}
