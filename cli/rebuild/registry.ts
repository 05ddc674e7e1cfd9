import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { emptyRegistry, generationAt, type Registry, registryKey } from '../../model/counters/registry.ts';
import type { Clients } from '../aws.ts';

type Store = Pick<Clients, 'dynamodb'>;

interface Found {
  readonly registry: Registry;
  /** Grows with every change of what is counted. */
  readonly revision: number;
}

/** Undefined before the first change was counted. */
export const readRegistry = async (clients: Store, TableName: string): Promise<Registry | undefined> =>
  (await find(clients, TableName))?.registry;

async function find({ dynamodb }: Store, TableName: string): Promise<Found | undefined> {
  const { Item } = await dynamodb.send(new GetCommand({ TableName, Key: registryKey, ConsistentRead: true }));
  if (Item === undefined) return undefined;
  const { newest, inexactUpTo, metrics, revision = 0 } = Item as Registry & Partial<Pick<Found, 'revision'>>;
  return { registry: { newest, inexactUpTo, metrics }, revision };
}

/**
 * Changes the registry, from what it is at this moment. What misses changes is told by {@link markInexact}.
 * @param change may be asked more than once
 */
export async function changeRegistry(
  clients: Store,
  TableName: string,
  change: (registry: Registry) => Registry,
): Promise<Registry> {
  for (;;) {
    const found = await find(clients, TableName);
    if (found === undefined) {
      const Item = { ...registryKey, ...emptyRegistry(generationAt(Date.now())) };
      const put = new PutCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
      await unlessRefused(clients.dynamodb.send(put));
      continue;
    }
    const changed = change(found.registry);
    const update = new UpdateCommand({
      TableName,
      Key: registryKey,
      UpdateExpression: 'SET newest = :newest, #metrics = :metrics, revision = :next',
      ConditionExpression: 'attribute_not_exists(revision) OR revision = :known',
      // A reserved word.
      ExpressionAttributeNames: { '#metrics': 'metrics' },
      ExpressionAttributeValues: {
        ':newest': changed.newest,
        ':metrics': changed.metrics,
        ':known': found.revision,
        ':next': found.revision + 1,
      },
    });
    if (await unlessRefused(clients.dynamodb.send(update))) return changed;
  }
}

/** Has the counters of this generation and of lower ones known to miss a change. */
export async function markInexact({ dynamodb }: Store, TableName: string, upTo: number): Promise<void> {
  const update = new UpdateCommand({
    TableName,
    Key: registryKey,
    UpdateExpression: 'SET inexactUpTo = :upTo',
    ConditionExpression: 'inexactUpTo < :upTo',
    ExpressionAttributeValues: { ':upTo': upTo },
  });
  await unlessRefused(dynamodb.send(update));
}

/** @returns false when a condition does not hold */
export async function unlessRefused(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}
