import type { DeployedNames } from '../../cli/accounting/deployed-names.ts';
import type { Clients } from '../../cli/aws.ts';
import { quantile } from '../../cli/demonstration/latency.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate } from '../../cli/emulator/emulate.ts';
import { feedNames } from '../../cli/emulator/posts.ts';
import { contribution } from '../../model/compile/contribution.ts';
import { metrics } from '../../model/metrics/index.ts';
import { postsFrom } from '../events.ts';
import type { Cell, Section } from '../report.ts';
import type { HostedRuntime } from '../runtime.ts';
import type { Surroundings } from '../surroundings.ts';
import { partOf } from './changes.ts';
import { CounterFollower } from './counter-follower.ts';

const rates = [10, 50, 200];
/** Following every post would be load of its own: about so many a second are. */
const followedPerSecond = 10;
const pollMs = 20;
const senders = 64;
const settleMs = 10_000;
/** Each followed post has a poster of its own, and so a counter that nothing else writes. */
const metric = metrics.find(({ name }) => name === 'posters')!;
const warmPosts = 50;

/** The time from a POST until what it counts for is read in the counters table, at several rates of posts. */
export async function latencies(
  { note, quick }: Surroundings,
  {
    clients,
    names,
    runtime,
    apiUrl,
  }: { clients: Clients; names: DeployedNames; runtime: HostedRuntime; apiUrl: string },
): Promise<Section> {
  const seconds = quick ? 5 : 15;
  let first = 1_000_000;
  const sent = async (posts: number, rate: number | undefined, follower: CounterFollower, every: number) => {
    const send = httpDoor({ keepAlive: true });
    const rows = postsFrom(first, posts).map((post, at) => ({
      index: first + at,
      rows: feedNames.map((feed) => {
        const data = feed === 'pin' ? { ...post.pin, poster_name: `poster ${first + at}` } : post[feed];
        return [feed, { data }] as const;
      }),
    }));
    const begin = first;
    first += posts;
    const run = await emulate({
      url: `${apiUrl}/prod`,
      deployment: 'demo',
      posts: rows.values(),
      send,
      threads: senders,
      ...(rate !== undefined && { rate }),
      onAnswer: ({ turn, feed, index, status, sentAt }) => {
        if (feed !== 'pin' || turn % every !== 0 || status !== 200) return;
        const [, { data }] = rows[Number(index) - begin]!.rows[0]!;
        const [addend] = contribution(metric, { ind: Number(index), pin: partOf('pin', data, 0) });
        if (addend !== undefined) follower.follow(addend.counter, sentAt);
      },
    });
    send.close();
    const unseen = await follower.end(settleMs);
    if (unseen > 0) note(`${unseen} counters were not seen within ${settleMs / 1000} s`);
    return run;
  };
  const follower = () => new CounterFollower(clients, names.countersTable, metric, pollMs);
  await sent(warmPosts, undefined, follower(), 1);
  const rows: Cell[][] = [];
  for (const rate of rates) {
    const own = follower();
    const before = runtime.cpuMs();
    const run = await sent(rate * seconds, rate, own, Math.max(1, Math.round(rate / followedPerSecond)));
    rows.push([
      rate,
      Math.round((run.posts * 10) / run.seconds) / 10,
      own.latenciesMs.length,
      ...[0.5, 0.99, 1].map((q) => quantile(own.latenciesMs, q) ?? '-'),
      ...['runtime', 'Lambda workers'].map((kind) => {
        const ms = (runtime.cpuMs().get(kind) ?? 0) - (before.get(kind) ?? 0);
        return Math.round((ms * 10) / run.posts) / 10;
      }),
    ]);
  }
  return {
    name: 'latency',
    title: `POST to counter in ms, for ${seconds} s at each rate; processor time a post, of three requests`,
    columns: ['posts/s asked', 'sent', 'followed', 'p50', 'p99', 'longest', 'runtime ms a post', 'workers ms a post'],
    rows,
  };
}
