import { setTimeout as sleep } from 'node:timers/promises';
import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import type { Clients } from '../../cli/aws.ts';
import { readRegistry } from '../../cli/rebuild/registry.ts';
import type { CounterKey } from '../../model/compile/contribution.ts';
import { metricId, partitionKey, spreads } from '../../model/counters/keys.ts';
import { liveGeneration } from '../../model/counters/registry.ts';
import type { Metric } from '../../model/metrics/metric.ts';

const mostKeys = 100;

/** Watches the counters table for counters that nobody has written before, and takes the time until each is there. */
export class CounterFollower {
  readonly latenciesMs: number[] = [];
  readonly #clients: Clients;
  readonly #table: string;
  readonly #metric: Metric;
  /** By member and group. */
  readonly #awaited = new Map<string, { readonly counter: CounterKey; readonly sentAt: number }>();
  readonly #pollMs: number;
  readonly #loop: Promise<void>;
  /** Undefined before the first change was counted. */
  #generation: number | undefined;
  #ended = false;

  constructor(clients: Clients, table: string, metric: Metric, pollMs: number) {
    this.#clients = clients;
    this.#table = table;
    this.#metric = metric;
    this.#pollMs = pollMs;
    this.#loop = this.#run();
    this.#loop.catch(() => undefined); // told by end()
  }

  /** @param sentAt epoch ms at which the POST was begun */
  follow(counter: CounterKey, sentAt: number): void {
    this.#awaited.set(counter.member, { counter, sentAt });
  }

  /** Waits until all were seen, at most so long. @returns how many were not seen */
  async end(withinMs: number): Promise<number> {
    const deadline = Date.now() + withinMs;
    while (this.#awaited.size > 0 && Date.now() < deadline && !this.#ended) await sleep(this.#pollMs);
    this.#ended = true;
    await this.#loop;
    return this.#awaited.size;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#ended) {
        const oldest = [...this.#awaited.values()].slice(0, mostKeys / spreads);
        if (oldest.length > 0) await this.#look(oldest.map(({ counter }) => counter));
        await sleep(this.#pollMs);
      }
    } finally {
      this.#ended = true;
    }
  }

  /** Which of its partitions a counter is in depends on the shard that it came from. */
  async #look(counters: readonly CounterKey[]): Promise<void> {
    const id = metricId(this.#metric);
    this.#generation ??= liveGeneration(await readRegistry(this.#clients, this.#table), id);
    const generation = this.#generation;
    if (generation === undefined) return;
    const Keys = counters.flatMap(({ group, member }) =>
      Array.from({ length: spreads }, (_, spread) => ({
        pk: partitionKey(id, generation, group, spread),
        sk: member,
      })),
    );
    const { Responses } = await this.#clients.dynamodb.send(
      new BatchGetCommand({
        RequestItems: { [this.#table]: { Keys, ConsistentRead: true, ProjectionExpression: 'sk' } },
      }),
    );
    const seenAt = Date.now();
    for (const { sk } of Responses?.[this.#table] ?? []) {
      const found = this.#awaited.get(sk);
      if (found === undefined) continue;
      this.#awaited.delete(sk);
      this.latenciesMs.push(seenAt - found.sentAt);
    }
  }
}
