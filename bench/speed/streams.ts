import { feedNames } from '../../cli/emulator/posts.ts';
import { Kinesalite } from '../../local/services/kinesis/kinesalite.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { StreamRecord } from '../events.ts';

/** A record of a shard, and how many of the shard's records come before it or with it. */
export interface Mark {
  readonly feed: FeedName;
  readonly ind: number;
  readonly upTo: number;
}

const perPut = 500;
/** Of one shard: its progress is seen in steps of one part in so many. */
const marksAShard = 50;

/**
 * Puts records into the streams of a runtime that does not run, in their order.
 * @param directory where that runtime keeps its streams
 * @returns the marks of each shard, in the order in which they will be read
 */
export async function loadStreams(directory: string, records: readonly StreamRecord[]): Promise<readonly Mark[][]> {
  // The engine itself: no shard limits.
  const kinesis = await Kinesalite.open({ directory, account: '000000000000', region: 'us-east-1' });
  try {
    const shards: StreamRecord[][] = [];
    for (const feed of feedNames) {
      shards.push(
        ...(
          await loadStream(
            kinesis,
            records.filter((record) => record.feed === feed),
          )
        ).values(),
      );
    }
    return shards.map(marksOf);
  } finally {
    await kinesis.close();
  }
}

async function loadStream(kinesis: Kinesalite, own: readonly StreamRecord[]): Promise<Map<string, StreamRecord[]>> {
  const shards = new Map<string, StreamRecord[]>();
  for (let from = 0; from < own.length; from += perPut) {
    const chunk = own.slice(from, from + perPut);
    const { Records } = await kinesis.run('PutRecords', {
      StreamName: `streaming-demo-${own[0]!.feed}`,
      Records: chunk.map(({ json, ind }) => ({
        Data: Buffer.from(json).toString('base64'),
        PartitionKey: String(ind),
      })),
    });
    for (const [at, { ShardId }] of (Records as { ShardId?: string }[]).entries()) {
      if (ShardId === undefined) throw new RangeError(`Record ${from + at} was not taken`);
      shards.set(ShardId, [...(shards.get(ShardId) ?? []), chunk[at]!]);
    }
  }
  return shards;
}

function marksOf(shard: readonly StreamRecord[]): Mark[] {
  const every = Math.max(1, Math.floor(shard.length / marksAShard));
  return shard.flatMap(({ feed, ind }, at) =>
    (at + 1) % every === 0 || at === shard.length - 1 ? [{ feed, ind, upTo: at + 1 }] : [],
  );
}
