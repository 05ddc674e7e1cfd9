import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { forEachConcurrently } from '../../lambda/shared/concurrency.ts';
import { createRegistry } from '../../lambda/shared/registry.ts';
import { changeOf } from '../../lambda/speed/aggregate/change.ts';
import { type Countable, countable } from '../../lambda/speed/aggregate/countable.ts';
import { fold } from '../../lambda/speed/aggregate/fold.ts';
import { completeRegistry, type Registry, unregistered } from '../../model/counters/registry.ts';
import { metrics } from '../../model/metrics/index.ts';
import { compare, type Work } from '../compare.ts';
import { unlimitedHere } from '../dynamodb-here.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';
import { ChangeSource, changesOf } from './changes.ts';
import { fiveCounters } from './five-counters.ts';
import { batchSizes } from './folded.ts';
import { count, tableStores } from './stores.ts';

/** As the function's. */
const concurrency = 16;
const chunk = 100;
/** Items that raw writes go to, in turn. */
const rawItems = 1_000;

/** Changes a second into the runtime's own DynamoDB, in this process: folded, each delta by itself, and raw writes. */
export async function writtenSections({ closing, quick, note }: Surroundings): Promise<readonly Section[]> {
  const changes = changesOf(quick ? 1_000 : 2_000);
  const rounds = quick ? { count: 1, ms: 200 } : { count: 3, ms: 500 };
  const sets = [
    ['five', 'five bounded counters', [fiveCounters]],
    ['model', 'the metrics of the model', metrics.map(countable)],
  ] as const;
  const sections: Section[] = [];
  for (const [name, title, of] of sets) {
    note(`writing ${title} to DynamoDB`);
    const here = await unlimitedHere();
    closing.add('the tables', () => here.close());
    // Of posts that have the stamp of these, so that none is touched.
    const registry = completeRegistry(
      of.map(({ id }) => id),
      unregistered,
    );
    await createRegistry(here.client, 'counters', registry, AbortSignal.timeout(10_000));
    const rates = await compare(waysOf(here.client, changes, of, registry), rounds);
    sections.push({
      name: `written-${name}`,
      title: `Changes a second into DynamoDB in process: ${title}`,
      columns: ['way', 'changes/s', 'of raw writes', 'of naive'],
      rows: Object.entries(rates).map(([way, rate]): Cell[] => [
        way,
        rate,
        ratio(rate, rates['raw: one write a change']!),
        ratio(rate, rates['naive: one write a delta']!),
      ]),
    });
  }
  return sections;
}

function waysOf(
  client: DynamoDBClient,
  changes: readonly DynamoDBRecord[],
  of: readonly Countable[],
  registry: Registry,
): Readonly<Record<string, Work>> {
  const source = new ChangeSource(changes);
  const stores = tableStores(client, 'counters', of);
  const add = (pk: string, sk: string, amount: bigint) =>
    client.send(
      new UpdateItemCommand({
        TableName: 'counters',
        Key: { pk: { S: pk }, sk: { S: sk } },
        UpdateExpression: 'ADD v :amount',
        ExpressionAttributeValues: { ':amount': { N: String(amount) } },
      }),
    );
  const raw: Work = async () => {
    await forEachConcurrently(source.take(chunk), concurrency, async ({ dynamodb }) => {
      await add('raw', String(Number(dynamodb!.SequenceNumber) % rawItems), 1n);
    });
    return chunk;
  };
  const naive: Work = async () => {
    const deltas = source.take(chunk).flatMap((record) => fold('naive', [changeOf(record)], registry, of));
    await forEachConcurrently(deltas, concurrency, async ({ pk, sk, deltas: [delta] }) => {
      await add(`naive ${pk}`, sk, delta!.amount);
    });
    return chunk;
  };
  const inBatches = batchSizes.map(
    (size) => [`batch ${size}`, async () => (await count(source.take(size), of, stores)).records] as const,
  );
  return {
    'raw: one write a change': raw,
    'naive: one write a delta': naive,
    ...Object.fromEntries(inBatches),
  };
}
