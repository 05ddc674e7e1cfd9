import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationResult } from '../function-definition.ts';
import type { Failure } from './failure-record.ts';
import { type BatchSettings, ShardBatcher } from './shard-batcher.ts';
import { ShardPoller } from './shard-poller.ts';
import type { Positions, Shard, ShardSource, StartingPosition } from './shard-source.ts';

/** A mapping as its template declares it. */
export interface MappingDefinition {
  readonly id: string;
  readonly functionArn: string;
  readonly sourceArn: string;
  readonly start: StartingPosition;
  readonly batch: BatchSettings;
  readonly reportsFailures: boolean;
  /** The bucket that gets the batches given up. @default - they are dropped */
  readonly failureBucket?: string;
  /** What is read of a cluster. */
  readonly kafka?: { readonly topic: string; readonly group: string };
}

export interface MappingOptions {
  readonly definition: MappingDefinition;
  readonly source: ShardSource;
  readonly positions: Positions;
  readonly invoke: (event: string) => Promise<InvocationResult>;
  readonly giveUp: (failure: Failure) => Promise<void>;
  readonly problem: (error: unknown) => void;
  /** Told how old the last record of a batch is, milliseconds. @default - nobody is */
  readonly age?: (ms: number) => void;
  /** Told once of each record that the function took or that was given up: of when they arrived, epoch milliseconds. */
  readonly taken: (arrivals: readonly number[]) => void;
}

/** How often the shards are listed, unless one ends. */
const DISCOVERY_MS = 30_000;

/** Reads a source with one poller a shard, parents before their children. */
export class EventSourceMapping {
  readonly #options: MappingOptions;
  readonly #pollers = new Map<string, { readonly poller: ShardPoller; readonly done: Promise<void> }>();
  readonly #stopping = new AbortController();
  #silence: () => void = () => {};
  #discovery: Promise<void> = Promise.resolve();
  #discoverNow: () => void = () => {};

  constructor(options: MappingOptions) {
    this.#options = options;
  }

  /** @throws ServiceError AccessDeniedException when the function's role may not read the source */
  async start(): Promise<void> {
    const { source } = this.#options;
    await source.check();
    await this.#discover();
    this.#silence = source.onRecords(() => {
      for (const { poller } of this.#pollers.values()) poller.wake();
    });
    this.#discovery = this.#keepDiscovering();
  }

  /** Waits for invocations under way, whose checkpoints are then written. */
  async stop(): Promise<void> {
    this.#silence();
    this.#stopping.abort();
    this.#discoverNow();
    await Promise.all([this.#discovery, ...[...this.#pollers.values()].map(({ done }) => done)]);
    await this.#options.source.close();
  }

  async #keepDiscovering(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const asked = new Promise<void>((resolve) => {
        this.#discoverNow = resolve;
      });
      const waiting = new AbortController();
      await Promise.race([
        asked,
        sleep(DISCOVERY_MS, undefined, { signal: waiting.signal, ref: false }).catch(() => {}),
      ]);
      waiting.abort();
      if (!signal.aborted) await this.#discover().catch(this.#options.problem);
    }
  }

  async #discover(): Promise<void> {
    const { positions, source } = this.#options;
    const shards = await source.shards();
    const known = new Set(shards.map(({ id }) => id));
    const ended = (id: string) => positions.get(id)?.kind === 'end';
    for (const shard of shards) {
      const ready = shard.parents.every((parent) => !known.has(parent) || ended(parent));
      if (ready && !this.#pollers.has(shard.id) && !ended(shard.id)) {
        const isChild = shard.parents.some((one) => known.has(one));
        await this.#poll(shard, isChild);
      }
    }
  }

  async #poll({ id: shardId }: Shard, isChild: boolean): Promise<void> {
    const { definition, positions, source, invoke, giveUp, problem, age, taken } = this.#options;
    const { id, batch, functionArn, reportsFailures } = definition;
    // A child goes on where its parents ended.
    const start: StartingPosition = isChild ? { type: 'TRIM_HORIZON' } : definition.start;
    if (start.type === 'LATEST' && positions.get(shardId) === undefined) {
      await positions.put(shardId, await source.newest(shardId));
    }
    const position = positions.get(shardId);
    const open = position?.kind === 'after' ? position.window : undefined;
    let last = position;
    const poller = new ShardPoller({
      batcher: new ShardBatcher(batch, Math.random, batch.tumblingMs === undefined ? undefined : open),
      reader: source.reader(shardId, start, position),
      batchSize: batch.batchSize,
      reportsFailures,
      invoke: (records, window, final) => {
        const newest = records.at(-1);
        if (newest !== undefined) age?.(Math.max(0, Date.now() - newest.arrival));
        return invoke(source.event(records, shardId, window && { ...window, lengthMs: batch.tumblingMs!, final }));
      },
      passed: (records) => taken(records.map(({ arrival }) => arrival)),
      checkpoint: async (done, window) => {
        const sequenceNumber = done ?? (last?.kind === 'after' ? last.sequenceNumber : undefined);
        if (sequenceNumber === undefined) return;
        last = { kind: 'after', sequenceNumber, ...(window && { window }) };
        await positions.put(shardId, last);
      },
      discard: ({ records, condition, invocations }, requestId) => {
        const payload = source.event(records, shardId);
        const described = source.describe(shardId, records);
        return giveUp({
          mappingId: id,
          functionArn,
          records,
          condition,
          invocations,
          requestId,
          payload,
          ...described,
        });
      },
      problem,
    });
    const done = poller.run(this.#stopping.signal).then(async (finished) => {
      if (!finished) return;
      await positions.put(shardId, { kind: 'end' });
      this.#pollers.delete(shardId);
      this.#discoverNow();
    });
    this.#pollers.set(shardId, { poller, done });
  }
}
