import { createHash } from 'node:crypto';
import { Allowance } from '../allowance.ts';
import { type JsonObject, ServiceError } from '../service.ts';
import type { StoredStream } from './store.ts';

const RECORDS_IN = 1_000;
const BYTES_IN = 1_048_576;
const CALLS_OUT = 5;
const BYTES_OUT = 2 * 1_048_576;

/**
 * What a shard takes and gives in a second: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html.
 * The shards of an on-demand stream take together what they could alone: Kinesis splits the busy ones.
 */
export class ShardLimits {
  readonly #account: string;
  readonly #in = new Map<string, { readonly records: Allowance; readonly bytes: Allowance }>();
  readonly #out = new Map<string, { readonly calls: Allowance; readonly bytes: Allowance }>();

  constructor(account: string) {
    this.#account = account;
  }

  /** For each of the records, in their order: why its shard does not take it; undefined where it does. */
  put(stream: StoredStream, records: readonly JsonObject[]): (ServiceError | undefined)[] {
    const open = openShards(stream);
    const shared = stream.StreamModeDetails?.StreamMode === 'ON_DEMAND';
    return records.map((record) => {
      const shard = shardOf(record, open);
      // The engine says what is wrong with such a record.
      if (shard === undefined) return undefined;
      const { records, bytes } = this.#inOf(stream.StreamName, shared ? 'all' : shard, shared ? open.length : 1);
      const size =
        Buffer.byteLength(String(record['Data']), 'base64') + Buffer.byteLength(String(record['PartitionKey']));
      if (!records.admits(1) || !bytes.admits(size)) return this.#exceeded(stream.StreamName, shard);
      records.spend(1);
      bytes.spend(size);
      return undefined;
    });
  }

  /** @throws ServiceError ProvisionedThroughputExceededException */
  beforeRead(stream: string, shard: string): void {
    const { calls, bytes } = this.#outOf(stream, shard);
    if (!calls.admits(1) || !bytes.admits(1)) throw this.#exceeded(stream, shard);
    calls.spend(1);
  }

  /** A page may be larger than what is left: then nothing is given until that is made up for. */
  afterRead(stream: string, shard: string, records: readonly { readonly Data: string }[]): void {
    const size = records.reduce((sum, { Data }) => sum + Buffer.byteLength(Data, 'base64'), 0);
    this.#outOf(stream, shard).bytes.spend(size);
  }

  #inOf(stream: string, shard: string, shards: number) {
    const key = `${stream}/${shard}/${shards}`;
    const known = this.#in.get(key);
    if (known !== undefined) return known;
    const allowances = { records: new Allowance(RECORDS_IN * shards), bytes: new Allowance(BYTES_IN * shards) };
    this.#in.set(key, allowances);
    return allowances;
  }

  #outOf(stream: string, shard: string) {
    const key = `${stream}/${shard}`;
    const known = this.#out.get(key);
    if (known !== undefined) return known;
    const allowances = { calls: new Allowance(CALLS_OUT), bytes: new Allowance(BYTES_OUT) };
    this.#out.set(key, allowances);
    return allowances;
  }

  #exceeded(stream: string, shard: string): ServiceError {
    const message = `Rate exceeded for shard ${shard} in stream ${stream} under account ${this.#account}.`;
    return new ServiceError('ProvisionedThroughputExceededException', message);
  }
}

interface OpenShard {
  readonly id: string;
  readonly start: bigint;
  readonly end: bigint;
}

const openShards = ({ Shards }: StoredStream): OpenShard[] =>
  Shards.filter(({ SequenceNumberRange }) => SequenceNumberRange.EndingSequenceNumber === undefined).map(
    ({ ShardId, HashKeyRange: { StartingHashKey, EndingHashKey } }) => ({
      id: ShardId,
      start: BigInt(StartingHashKey),
      end: BigInt(EndingHashKey),
    }),
  );

function shardOf({ ExplicitHashKey, PartitionKey }: JsonObject, open: readonly OpenShard[]): string | undefined {
  const hash =
    typeof ExplicitHashKey === 'string'
      ? BigInt(ExplicitHashKey)
      : BigInt(`0x${createHash('md5').update(String(PartitionKey)).digest('hex')}`);
  return open.find(({ start, end }) => start <= hash && hash <= end)?.id;
}
