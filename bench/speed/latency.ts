import type { Clients } from '../../cli/aws.ts';
import { LatencyFollower, quantile } from '../../cli/demonstration/latency.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate } from '../../cli/emulator/emulate.ts';
import { feedNames } from '../../cli/emulator/posts.ts';
import { postsFrom } from '../events.ts';
import type { Cell, Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';

const rates = [10, 50, 200];
const seconds = 15;
/** Following every post would be load of its own: about so many a second are. */
const followedPerSecond = 10;
const senders = 64;
const settleMs = 5_000;
/** Posts of no other measurement. */
const firstInd = 1_000_000;

/** The time from a POST until the part is read in the table, at several rates of posts with three requests each. */
export async function latencies(
  { note }: Surroundings,
  { clients, table, apiUrl }: { clients: Clients; table: string; apiUrl: string },
): Promise<Section> {
  const rows: Cell[][] = [];
  let first = firstInd;
  for (const rate of rates) {
    const posts = postsFrom(first, rate * seconds).map((post, at) => ({
      index: first + at,
      rows: feedNames.map((feed) => [feed, { data: post[feed] }] as const),
    }));
    first += posts.length;
    const follower = new LatencyFollower(clients, table);
    const every = Math.max(1, Math.round(rate / followedPerSecond));
    const send = httpDoor({ keepAlive: true });
    const run = await emulate({
      url: `${apiUrl}/prod`,
      deployment: 'demo',
      posts: posts.values(),
      send,
      threads: senders,
      rate,
      onAnswer: ({ turn, feed, index, shardId, sequenceNumber, sentAt }) => {
        if (turn % every !== 0 || shardId === undefined || sequenceNumber === undefined) return;
        const record = { source: 'kinesis', topic: '', partition: shardId, offset: sequenceNumber } as const;
        follower.follow(feed, Number(index), record, sentAt);
      },
    });
    send.close();
    const unseen = await follower.end(settleMs);
    if (unseen > 0) note(`${unseen} parts were not seen within ${settleMs / 1000} s`);
    const all = feedNames.flatMap((feed) => follower.latenciesMs[feed]);
    rows.push([
      rate,
      Math.round((run.posts * 10) / run.seconds) / 10,
      all.length,
      ...[0.5, 0.99, 1].map((q) => quantile(all, q) ?? '-'),
    ]);
  }
  return {
    name: 'latency',
    title: `POST to item in ms, for ${seconds} s at each rate`,
    columns: ['posts/s asked', 'sent', 'parts followed', 'p50', 'p99', 'longest'],
    rows,
  };
}
