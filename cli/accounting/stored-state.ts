import { paginateScan } from '@aws-sdk/lib-dynamodb';
import type { StoredState } from '../../model/accounting.ts';
import { formatCoordinate, formatRecord } from '../../model/coordinates.ts';
import { shardOfParked } from '../../model/kinesis-event.ts';
import type { Post } from '../../model/post.ts';
import { quarantinePrefix } from '../../model/quarantine.ts';
import type { Clients } from '../aws.ts';
import { coordinatesOf, listObjects, parkedObjects } from '../quarantine/bucket.ts';
import type { DeployedNames } from './deployed-names.ts';

export interface ReadState extends StoredState {
  /** Shard -> epoch ms at which a batch of it was last given up. */
  readonly givenUpAt: ReadonlyMap<string, number>;
  /** Keys of objects among the batches given up that cannot be read. */
  readonly unreadable: readonly string[];
}

/**
 * Batches given up, quarantine, table: in the order in which a redrive moves a row, so that none is overlooked that
 * moves meanwhile.
 */
export async function storedState(clients: Clients, names: DeployedNames): Promise<ReadState> {
  const given = await parkedObjects(clients, names.quarantineBucket);
  const parked = new Set(given.flatMap((object) => ('content' in object ? object.content.map(formatRecord) : [])));
  const refused = await listObjects(clients, names.quarantineBucket, quarantinePrefix('speed'));
  const quarantined = new Set(coordinatesOf(refused).map(formatCoordinate));
  const posts = new Map<number, Post>();
  const table = { TableName: names.postsTable, ConsistentRead: true };
  for await (const { Items } of paginateScan({ client: clients.dynamodb }, table)) {
    for (const item of (Items ?? []) as Post[]) posts.set(item.ind, item);
  }
  const givenUpAt = new Map<string, number>();
  for (const { key, writtenAt } of given) {
    const shard = shardOfParked(key) ?? '';
    givenUpAt.set(shard, Math.max(givenUpAt.get(shard) ?? 0, writtenAt));
  }
  return {
    part: (feed, ind) => posts.get(ind)?.[feed],
    isQuarantined: (coordinate) => quarantined.has(formatCoordinate(coordinate)),
    isParked: (record) => parked.has(formatRecord(record)),
    givenUpAt,
    unreadable: given.flatMap((object) => ('problem' in object ? object.key : [])),
  };
}
