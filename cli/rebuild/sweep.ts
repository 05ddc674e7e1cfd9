import { setTimeout as sleep } from 'node:timers/promises';
import { BatchWriteCommand, paginateScan, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { counterOf } from '../../model/counters/keys.ts';
import { generationsOf, type Registry } from '../../model/counters/registry.ts';
import type { Clients } from '../aws.ts';
import { concurrently } from '../concurrently.ts';
import { unlessRefused } from './registry.ts';

/** Writes under way at the same time. */
const concurrency = 16;
const itemsOfABatch = 25;

type Store = Pick<Clients, 'dynamodb'>;

/**
 * Stamps every post that is below the generation, so that the change stream tells of it once more.
 * @yields how many there were so far; a last 0 says that a look at all posts found none
 */
export async function* sweep({ dynamodb }: Store, TableName: string, generation: number): AsyncGenerator<number> {
  const isBelow = '(attribute_not_exists(gen) OR gen < :gen)';
  const values = { ':gen': generation };
  let touched = 0;
  const scan = {
    TableName,
    ConsistentRead: true,
    ProjectionExpression: 'ind',
    FilterExpression: isBelow,
    ExpressionAttributeValues: values,
  };
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, scan)) {
    await concurrently(Items, concurrency, async ({ ind }) => {
      const touch = new UpdateCommand({
        TableName,
        Key: { ind },
        UpdateExpression: 'SET gen = :gen',
        ConditionExpression: `attribute_exists(ind) AND ${isBelow}`,
        ExpressionAttributeValues: values,
      });
      await unlessRefused(dynamodb.send(touch));
      touched++;
    });
    yield touched;
  }
}

/** Deletes the counters that the registry does not know any more; those of a rebuild that began after it stay. @returns how many there were */
export async function deleteOld(
  { dynamodb }: Store,
  TableName: string,
  registry: Registry,
  { stop, onDeleted }: { readonly stop: AbortSignal; readonly onDeleted: (counters: number) => void },
): Promise<number> {
  const isOld = (pk: string) => {
    const counter = counterOf(pk);
    if (counter === undefined || counter.generation > registry.newest) return false;
    return !generationsOf(registry, counter.metricId).includes(counter.generation);
  };
  let deleted = 0;
  for await (const { Items = [] } of paginateScan(
    { client: dynamodb },
    { TableName, ProjectionExpression: 'pk, sk' },
  )) {
    const old = Items.filter(({ pk }) => isOld(String(pk)));
    const batches = Array.from({ length: Math.ceil(old.length / itemsOfABatch) }, (_, at) =>
      old.slice(at * itemsOfABatch, (at + 1) * itemsOfABatch),
    );
    await concurrently(batches, concurrency, async (keys) => {
      let left = keys.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } }));
      for (let pause = 50; left.length > 0 && !stop.aborted; pause = Math.min(5_000, pause * 2)) {
        const { UnprocessedItems } = await dynamodb.send(
          new BatchWriteCommand({ RequestItems: { [TableName]: left } }),
        );
        left = (UnprocessedItems?.[TableName] ?? []) as typeof left;
        // The table was busy: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
        if (left.length > 0) await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
      }
      deleted += keys.length;
    });
    onDeleted(deleted);
    if (stop.aborted) break;
  }
  return deleted;
}
