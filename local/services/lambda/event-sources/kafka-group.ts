import { setTimeout as sleep } from 'node:timers/promises';
import { Consumer } from '@platformatic/kafka';
import { listenToConnectionErrors } from '../../../engines/kafka/connection-errors.ts';
import { unsecuredToken } from '../../../engines/kafka/token.ts';
import { type FetchedBatch, recordsOf } from './kafka-records.ts';
import type { BatchRecord } from './shard-batcher.ts';
import type { StartingPosition } from './shard-source.ts';

export interface KafkaGroupOptions {
  readonly bootstrapServers: string;
  readonly topic: string;
  readonly group: string;
  /** Who the client says that it is. */
  readonly subject: string;
  /** Records of a partition that are held before more are fetched. */
  readonly ahead: number;
  /** A client that is of no use for so long is replaced by another. @default 15000 */
  readonly replaceAfterMs?: number;
  readonly problem: (error: unknown) => void;
}

interface Partition {
  readonly records: BatchRecord[];
  /** The offset to fetch next. */
  next: bigint;
}

const REQUEST_LIMIT_MS = 10_000;
const FETCH_WAIT_MS = 500;
const FAULT_PAUSE_MS = 500;
const REPLACE_AFTER_MS = 15_000;
const COMMIT_LIMIT_MS = 1_000;
const JOIN_TRIES = 10;
const CLOSE_LIMIT_MS = 1_000;
const PARTITION_BYTES = 1_024 * 1_024;
const GROUP = { sessionTimeout: 6_000, rebalanceTimeout: 6_000, heartbeatInterval: 1_000 };
const EARLIEST = -2n;
const LATEST = -1n;

/** A member of a consumer group that reads one topic, over deaths of the broker. */
export class KafkaGroup {
  readonly #options: KafkaGroupOptions;
  readonly #partitions = new Map<number, Partition>();
  /** Offsets to commit next, which a commit that failed did not say. */
  readonly #uncommitted = new Map<number, bigint>();
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #consumer: Consumer;
  /** A client that did not join is assigned nothing, which looks as if there were nothing to fetch. */
  #isMember = true;
  #fetching: Promise<void> | undefined;
  #committing: Promise<void> | undefined;
  /** Why commits fail, which is told once. */
  #told = '';
  #wake: () => void = () => {};

  constructor(options: KafkaGroupOptions) {
    this.#options = options;
    listenToConnectionErrors();
    this.#consumer = this.#client();
  }

  /**
   * Joins the group, and makes every kind of request once. A group's coordinator, or the leader of a partition, may not be
   * there yet when a broker has just started, so what fails is tried again. @throws Error of the client, such as a refusal
   */
  async join(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#tryToJoin();
      } catch (error) {
        if (tries === JOIN_TRIES || isRefusal(error) || this.#stopping.signal.aborted) throw error;
        await sleep(FAULT_PAUSE_MS);
        await within(CLOSE_LIMIT_MS, this.#consumer.close(true));
        this.#consumer = this.#client();
      }
    }
  }

  async #tryToJoin(): Promise<void> {
    await this.#join();
    const { topic } = this.#options;
    const ends = await this.#consumer.listOffsets({ topics: [topic], timestamp: LATEST });
    const first = this.assigned()[0];
    if (first === undefined) return;
    await this.committed();
    await this.#fetch(new Map([[first, ends.get(topic)?.[first] ?? 0n]]), 1);
  }

  /** The partitions that are this member's. */
  assigned(): readonly number[] {
    const { topic } = this.#options;
    return this.#consumer.assignments?.find((one) => one.topic === topic)?.partitions ?? [];
  }

  /** The offsets to go on with, by partition; without those of which nothing is committed. */
  async committed(): Promise<Map<number, bigint>> {
    const { topic } = this.#options;
    const partitions = [...this.assigned()];
    if (partitions.length === 0) return new Map();
    const found = await this.#consumer.listCommittedOffsets({ topics: [{ topic, partitions }] });
    const offsets = found.get(topic) ?? [];
    return new Map(partitions.flatMap((one) => ((offsets[one] ?? -1n) >= 0n ? [[one, offsets[one]!]] : [])));
  }

  /** The offset of the first record from a position on. */
  async offsetOf(partition: number, start: StartingPosition): Promise<bigint> {
    const { topic } = this.#options;
    const at = async (timestamp: bigint) =>
      (await this.#consumer.listOffsets({ topics: [topic], partitions: { [topic]: [partition] }, timestamp }))
        .get(topic)
        ?.at(partition) ?? -1n;
    if (start.type === 'TRIM_HORIZON') return at(EARLIEST);
    const offset = start.type === 'AT_TIMESTAMP' ? await at(BigInt(Math.floor(start.seconds * 1_000))) : -1n;
    return offset >= 0n ? offset : at(LATEST);
  }

  /** Reads the partition from this offset on. */
  read(partition: number, from: bigint): void {
    this.#partitions.set(partition, { records: [], next: from });
    this.#fetching ??= this.#keepFetching();
    this.#wake();
  }

  take(partition: number, limit: number): BatchRecord[] {
    const taken = this.#partitions.get(partition)?.records.splice(0, limit) ?? [];
    if (taken.length > 0) this.#wake();
    return taken;
  }

  onRecords(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Never fails, nor waits long: what is not committed now is committed later, or read again after a restart. */
  async commit(partition: number, next: bigint, limitMs = COMMIT_LIMIT_MS): Promise<void> {
    this.#uncommitted.set(partition, next);
    await within(limitMs, this.#commit());
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    if (this.#uncommitted.size > 0) await within(COMMIT_LIMIT_MS, this.#commit());
    await within(CLOSE_LIMIT_MS, Promise.all([this.#consumer.close(true), this.#fetching]));
  }

  /** All that is not committed yet, in one request at a time. */
  #commit(): Promise<void> {
    this.#committing ??= this.#commitAll().finally(() => {
      this.#committing = undefined;
    });
    return this.#committing;
  }

  async #commitAll(): Promise<void> {
    const { topic, problem } = this.#options;
    try {
      while (this.#uncommitted.size > 0) {
        const offsets = [...this.#uncommitted];
        await this.#consumer.commit({
          offsets: offsets.map(([partition, offset]) => ({ topic, partition, offset, leaderEpoch: -1 })),
        });
        for (const [partition, offset] of offsets) {
          if (this.#uncommitted.get(partition) === offset) this.#uncommitted.delete(partition);
        }
      }
      this.#told = '';
    } catch (error) {
      const { message } = error as Error;
      if (!this.#stopping.signal.aborted && message !== this.#told) problem(error);
      this.#told = message;
    }
  }

  #client(): Consumer {
    const { bootstrapServers, group, subject, problem } = this.#options;
    const consumer = new Consumer({
      clientId: `lambda-${group}`,
      groupId: group,
      bootstrapBrokers: [bootstrapServers],
      sasl: { mechanism: 'OAUTHBEARER', token: () => unsecuredToken(subject) },
      requestTimeout: REQUEST_LIMIT_MS,
      retries: 3,
      retryDelay: FAULT_PAUSE_MS,
      ...GROUP,
    });
    consumer.on('error', (error: unknown) => {
      if (!this.#stopping.signal.aborted) problem(error);
    });
    return consumer;
  }

  async #join(): Promise<void> {
    this.#consumer.topics.track(this.#options.topic);
    await this.#consumer.joinGroup();
  }

  async #keepFetching(): Promise<void> {
    const { signal } = this.#stopping;
    const { replaceAfterMs = REPLACE_AFTER_MS } = this.#options;
    let failingSince: number | undefined;
    while (!signal.aborted) {
      try {
        if (!this.#isMember) await this.#replace();
        const wanted = this.#wanted();
        if (wanted.size === 0) await this.#woken();
        else await this.#fetch(wanted, FETCH_WAIT_MS);
        // What a commit left that failed: there may be no further record to commit.
        if (this.#uncommitted.size > 0 && this.#committing === undefined) await this.#commit();
        failingSince = undefined;
      } catch (error) {
        if (signal.aborted) return;
        if (failingSince === undefined) this.#options.problem(error);
        failingSince ??= Date.now();
        await sleep(FAULT_PAUSE_MS, undefined, { signal }).catch(() => {});
        if (apiIdOf(error) === 'OFFSET_OUT_OF_RANGE') await this.#moveIntoRange().catch(() => {});
        if (Date.now() - failingSince < replaceAfterMs || signal.aborted) continue;
        failingSince = Date.now();
        this.#isMember = false;
      }
    }
  }

  #wanted(): Map<number, bigint> {
    const { ahead } = this.#options;
    const mine = this.assigned();
    return new Map(
      [...this.#partitions]
        .filter(([partition, { records }]) => records.length < ahead && mine.includes(partition))
        .map(([partition, { next }]) => [partition, next]),
    );
  }

  async #fetch(offsets: ReadonlyMap<number, bigint>, maxWaitTime: number): Promise<void> {
    const { topic } = this.#options;
    const consumer = this.#consumer;
    const { topics } = await consumer.metadata({ topics: [topic] });
    const { id: topicId, partitions } = topics.get(topic)!;
    const response = await consumer.fetch({
      // There is one broker here, the leader of all.
      node: partitions[0]!.leader,
      maxWaitTime,
      topics: [
        {
          topicId,
          partitions: [...offsets].map(([partition, fetchOffset]) => ({
            partition,
            fetchOffset,
            currentLeaderEpoch: -1,
            lastFetchedEpoch: -1,
            partitionMaxBytes: PARTITION_BYTES,
          })),
        },
      ],
    });
    let found = false;
    for (const { partitionIndex, records } of response.responses.flatMap((one) => one.partitions)) {
      const partition = this.#partitions.get(partitionIndex);
      if (partition === undefined || !offsets.has(partitionIndex)) continue;
      for (const batch of (records ?? []) as unknown as FetchedBatch[]) {
        partition.records.push(...recordsOf(batch, { topic, partition: partitionIndex, from: partition.next }));
        const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
        if (end > partition.next) partition.next = end;
        found = true;
      }
    }
    if (found) for (const listener of this.#listeners) listener();
  }

  /** Records that are no longer, or not yet again, in the topic are not waited for. */
  async #moveIntoRange(): Promise<void> {
    for (const [index, partition] of this.#partitions) {
      const [first, end] = await Promise.all([
        this.offsetOf(index, { type: 'TRIM_HORIZON' }),
        this.offsetOf(index, { type: 'LATEST' }),
      ]);
      if (partition.next < first) partition.next = first;
      else if (partition.next > end) partition.next = end;
    }
  }

  async #replace(): Promise<void> {
    await within(CLOSE_LIMIT_MS, this.#consumer.close(true));
    this.#consumer = this.#client();
    await this.#join();
    this.#isMember = true;
  }

  async #woken(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, FETCH_WAIT_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Kafka's name for what went wrong, wherever it is among the causes. */
export function apiIdOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { apiId, errors, cause } = error as { apiId?: string; errors?: readonly unknown[]; cause?: unknown };
  if (apiId !== undefined) return apiId;
  for (const one of [...(errors ?? []), cause]) {
    const found = apiIdOf(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of what the member may not do: that does not pass. */
export const isRefusal = (error: unknown): boolean => apiIdOf(error)?.endsWith('AUTHORIZATION_FAILED') === true;

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([
    work.catch(() => {}),
    sleep(limitMs, undefined, { signal: done.signal, ref: false }).catch(() => {}),
  ]);
  done.abort();
}
