import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationResult } from '../function-definition.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { Failure } from './failure-record.ts';
import type { KinesisSource, Shard, StartingPosition } from './kinesis-shards.ts';
import { type BatchSettings, ShardBatcher } from './shard-batcher.ts';
import { ShardPoller } from './shard-poller.ts';

/** A mapping as its template declares it. */
export interface MappingDefinition {
  readonly id: string;
  readonly functionArn: string;
  readonly streamArn: string;
  readonly start: StartingPosition;
  readonly batch: BatchSettings;
  readonly reportsFailures: boolean;
  /** The bucket that gets the batches given up. @default - they are dropped */
  readonly failureBucket?: string;
}

export interface MappingOptions {
  readonly definition: MappingDefinition;
  readonly region: string;
  readonly source: KinesisSource;
  readonly checkpoints: Checkpoints;
  readonly invoke: (event: string) => Promise<InvocationResult>;
  readonly giveUp: (failure: Failure) => Promise<void>;
  /** Calls back after records were put into the stream, until the returned function is called. */
  readonly onPut: (listener: () => void) => () => void;
  readonly problem: (error: unknown) => void;
}

/** How often the shards are listed, unless one ends. */
const DISCOVERY_MS = 30_000;

/** Reads a stream with one poller a shard, parents before their children. */
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

  /** @throws ServiceError AccessDeniedException when the function's role may not read the stream */
  async start(): Promise<void> {
    const { source, onPut } = this.#options;
    await source.check();
    await this.#discover();
    this.#silence = onPut(() => {
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
    const { checkpoints, definition, source } = this.#options;
    const shards = await source.shards();
    const known = new Set(shards.map(({ id }) => id));
    const ended = (id: string) => checkpoints.get(definition.id, id)?.kind === 'end';
    for (const shard of shards) {
      const ready = shard.parents.every((parent) => !known.has(parent) || ended(parent));
      if (ready && !this.#pollers.has(shard.id) && !ended(shard.id))
        this.#poll(
          shard,
          shard.parents.some((one) => known.has(one)),
        );
    }
  }

  #poll({ id: shardId }: Shard, isChild: boolean): void {
    const { definition, checkpoints, source, region, invoke, giveUp, problem } = this.#options;
    const { id, batch, streamArn, functionArn, reportsFailures } = definition;
    // A child goes on where its parents ended.
    const start: StartingPosition = isChild ? { type: 'TRIM_HORIZON' } : definition.start;
    if (start.type === 'LATEST' && checkpoints.get(id, shardId) === undefined) {
      checkpoints.put(id, shardId, { kind: 'from-time', seconds: Date.now() / 1_000 });
    }
    const poller = new ShardPoller({
      batcher: new ShardBatcher(batch),
      reader: source.reader(shardId, region, start, checkpoints.get(id, shardId)),
      batchSize: batch.batchSize,
      reportsFailures,
      invoke,
      checkpoint: (sequenceNumber) => checkpoints.put(id, shardId, { kind: 'after', sequenceNumber }),
      discard: ({ records, condition, invocations }, requestId) =>
        giveUp({ mappingId: id, functionArn, streamArn, shardId, records, condition, invocations, requestId }),
      problem,
    });
    const done = poller.run(this.#stopping.signal).then((finished) => {
      if (!finished) return;
      checkpoints.put(id, shardId, { kind: 'end' });
      this.#pollers.delete(shardId);
      this.#discoverNow();
    });
    this.#pollers.set(shardId, { poller, done });
  }
}
