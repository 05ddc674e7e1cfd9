import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import type { RecordCoordinate } from '../../model/coordinates.ts';
import type { FeedName } from '../../model/rules/rule.ts';
import type { Clients } from '../aws.ts';

/** One of every so many posts is followed: asking for all of them would be load of its own. */
export const followedEvery = 3;
/** How often the table is asked: the latencies are right to within so much. */
export const pollMs = 10;

const mostKeys = 100;

interface Awaited {
  readonly feed: FeedName;
  readonly ind: number;
  readonly record: RecordCoordinate;
  readonly sentAt: number;
}

/** Watches the posts table for parts that were posted, and takes the time from the POST until each is read there. */
export class LatencyFollower {
  readonly latenciesMs: Record<FeedName, number[]> = { pin: [], geo: [], user: [] };
  readonly #clients: Clients;
  readonly #table: string;
  readonly #awaited = new Set<Awaited>();
  readonly #loop: Promise<void>;
  #ended = false;

  constructor(clients: Clients, table: string) {
    this.#clients = clients;
    this.#table = table;
    this.#loop = this.#run();
    this.#loop.catch(() => undefined); // told by end()
  }

  /** @param sentAt epoch ms at which the POST was begun */
  follow(feed: FeedName, ind: number, record: RecordCoordinate, sentAt: number): void {
    this.#awaited.add({ feed, ind, record, sentAt });
  }

  /** Waits until all were seen, at most so long. @returns how many were not seen */
  async end(withinMs: number): Promise<number> {
    const deadline = Date.now() + withinMs;
    while (this.#awaited.size > 0 && Date.now() < deadline && !this.#ended) await sleep(pollMs);
    this.#ended = true;
    await this.#loop;
    return this.#awaited.size;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended) {
        const oldest = [...new Set([...this.#awaited].map(({ ind }) => ind))].slice(0, mostKeys);
        if (oldest.length > 0) await this.#look(oldest);
        await sleep(pollMs);
      }
    } finally {
      this.#ended = true;
    }
  }

  async #look(inds: readonly number[]): Promise<void> {
    const answer = await this.#clients.dynamodb.send(
      new BatchGetCommand({
        RequestItems: {
          [this.#table]: {
            Keys: inds.map((ind) => ({ ind })),
            ConsistentRead: true,
            ProjectionExpression: 'ind, pin.#k, geo.#k, #user.#k',
            ExpressionAttributeNames: { '#k': 'k', '#user': 'user' },
          },
        },
      }),
    );
    const seenAt = Date.now();
    type Keys = { readonly ind: number } & Partial<Record<FeedName, { readonly k: string }>>;
    const items = new Map((answer.Responses?.[this.#table] as Keys[] | undefined)?.map((item) => [item.ind, item]));
    for (const awaited of this.#awaited) {
      const key = items.get(awaited.ind)?.[awaited.feed]?.k;
      const shown = key === undefined ? undefined : shownBy(key, awaited);
      if (shown === undefined) continue;
      this.#awaited.delete(awaited);
      if (shown === 'reached') this.latenciesMs[awaited.feed].push(seenAt - awaited.sentAt);
    }
  }
}

/**
 * `reached`: a part under this order key is the awaited row's, or a later one's of the same shard or partition.
 * `overtaken`: it came another way since; whether the awaited row was stored before cannot be told.
 */
function shownBy(orderKey: string, { record, sentAt }: Awaited): 'reached' | 'overtaken' | undefined {
  const [arrival, source, , partition, offset] = orderKey.split('#');
  if (source === record.source && partition === record.partition) {
    return BigInt(offset ?? '') >= BigInt(record.offset) ? 'reached' : undefined;
  }
  return Number(arrival) >= sentAt ? 'overtaken' : undefined;
}

/** The value that the share `q` of the values does not exceed. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}
