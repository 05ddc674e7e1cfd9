import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../../../access/caller.ts';
import { functionObserver } from '../../cloudwatch/sources/observers.ts';
import type { MetricSink } from '../../cloudwatch/types.ts';
import type { FrontDoor } from '../../service.ts';
import type { InvocationResult } from '../function-definition.ts';
import { Checkpoints } from './checkpoints.ts';
import { type ChangeStore, DynamoDbSource } from './dynamodb-shards.ts';
import { EventSourceMapping, type MappingDefinition } from './event-source-mapping.ts';
import { type Failure, failureObject } from './failure-record.ts';
import { type ClusterApi, KafkaSource } from './kafka-partitions.ts';
import { KinesisSource, type RecordStore } from './kinesis-shards.ts';
import type { ShardSource } from './shard-source.ts';

export interface EventSourceMappingsOptions {
  readonly region: string;
  /** The SQLite file of the checkpoints. */
  readonly file: string;
  readonly frontDoor: Pick<FrontDoor, 'authorize' | 'call'>;
  readonly functions: {
    role(functionArn: string): Caller;
    invoke(functionArn: string, event: string): Promise<InvocationResult>;
  };
  readonly streams: RecordStore;
  /** The change streams of tables. */
  readonly changes: ChangeStore;
  readonly cluster: ClusterApi;
  readonly objects: { putObject(caller: Caller, bucket: string, key: string, body: string): Promise<void> };
  /** Told in one line of what stands in the way of a mapping. */
  readonly log: (line: string) => void;
  /** @default - nothing is measured */
  readonly metrics?: MetricSink;
  /** For how long a stop waits for invocations under way. @default 10000 */
  readonly stopLimitMs?: number;
}

/** Records that a function took from a source without an error. Those of a batch that is tried again count again. */
export interface TakenRecords {
  readonly functionName: string;
  readonly sourceArn: string;
  /** Of a cluster. */
  readonly topic?: string;
  /** Of each record, epoch milliseconds. */
  readonly arrivals: readonly number[];
}

const STOP_LIMIT_MS = 10_000;

/** All event source mappings. They read nothing before `start`. */
export class EventSourceMappings {
  readonly #options: EventSourceMappingsOptions;
  readonly #checkpoints: Checkpoints;
  readonly #definitions = new Map<string, MappingDefinition>();
  readonly #listeners: ((taken: TakenRecords) => void)[] = [];
  #running: EventSourceMapping[] = [];
  #runningSince = new Date();

  constructor(options: EventSourceMappingsOptions) {
    this.#options = options;
    this.#checkpoints = new Checkpoints(options.file);
  }

  define(definition: MappingDefinition): void {
    this.#definitions.set(definition.id, definition);
    if (definition.kafka !== undefined) this.#options.cluster.addNames([], [definition.kafka.group]);
  }

  remove(id: string): void {
    this.#definitions.delete(id);
  }

  /** Where every mapping stands, by shard, for accounting. */
  get checkpoints(): Checkpoints {
    return this.#checkpoints;
  }

  get definitions(): readonly MappingDefinition[] {
    return [...this.#definitions.values()];
  }

  get runningSince(): Date {
    return this.#runningSince;
  }

  /** Told from now on of what functions are through with. */
  onTaken(listener: (taken: TakenRecords) => void): void {
    this.#listeners.push(listener);
  }

  /** @throws ServiceError AccessDeniedException when a function's role may not read its stream */
  async start(): Promise<void> {
    this.#runningSince = new Date();
    this.#running = this.definitions.map((definition) => this.#mapping(definition));
    await Promise.all(this.#running.map((mapping) => mapping.start()));
  }

  /** Waits for invocations under way, but not for ever: what they do will be done once more. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = [];
    const waiting = new AbortController();
    const { stopLimitMs = STOP_LIMIT_MS } = this.#options;
    await Promise.race([
      Promise.all(running.map((mapping) => mapping.stop())),
      sleep(stopLimitMs, undefined, { signal: waiting.signal }).catch(() => {}),
    ]);
    waiting.abort();
  }

  async close(): Promise<void> {
    await this.stop();
    this.#checkpoints.close();
  }

  #mapping(definition: MappingDefinition): EventSourceMapping {
    const { functions, log, metrics } = this.#options;
    const { id, functionArn, sourceArn, kafka } = definition;
    const reader = functionArn.slice(functionArn.lastIndexOf(':') + 1);
    const problem = (error: unknown) =>
      log(`Event source mapping of ${reader}, ${sourceArn}: ${error instanceof Error ? error.message : error}`);
    const source = this.#source(definition, problem);
    return new EventSourceMapping({
      definition,
      source,
      positions: source instanceof KafkaSource ? source.positions : this.#checkpoints.of(id),
      invoke: (event) => functions.invoke(functionArn, event),
      ...(metrics && !kafka && { age: (ms) => functionObserver(metrics).batchAge(reader, ms) }),
      taken: (arrivals) => {
        const taken = { functionName: reader, sourceArn, ...(kafka && { topic: kafka.topic }), arrivals };
        for (const listener of this.#listeners) listener(taken);
      },
      giveUp: (failure) => this.#giveUp(definition, failure),
      problem,
    });
  }

  #source(
    { functionArn, sourceArn, kafka, batch }: MappingDefinition,
    problem: (error: unknown) => void,
  ): ShardSource | KafkaSource {
    const { region, frontDoor, functions, streams, changes, cluster } = this.#options;
    const role = functions.role(functionArn);
    if (kafka !== undefined) {
      return new KafkaSource({ cluster, role, clusterArn: sourceArn, ...kafka, batchSize: batch.batchSize, problem });
    }
    return sourceArn.split(':')[2] === 'dynamodb'
      ? new DynamoDbSource({ frontDoor, changes, role, streamArn: sourceArn })
      : new KinesisSource({ frontDoor, records: streams, role, streamArn: sourceArn, region });
  }

  async #giveUp({ failureBucket, functionArn, sourceArn }: MappingDefinition, failure: Failure): Promise<void> {
    const { records, condition } = failure;
    const what = `${records.length} records of ${sourceArn}${failure.folder}, from ${records[0]!.sequenceNumber} (${condition})`;
    if (failureBucket === undefined) {
      this.#options.log(`Dropped ${what}: their event source mapping has no on-failure destination.`);
      return;
    }
    const { key, body } = failureObject(failure, new Date());
    const { functions, objects } = this.#options;
    await objects.putObject(functions.role(functionArn), failureBucket, key, body);
    this.#options.log(`Put ${what} to s3://${failureBucket}/${key}.`);
  }
}
