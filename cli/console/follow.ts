import { setTimeout as sleep } from 'node:timers/promises';
import { GetRecordsCommand, GetShardIteratorCommand } from '@aws-sdk/client-kinesis';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { Hop, PostOrder } from '../../local/console/tools.ts';
import type { RecordCoordinate } from '../../model/coordinates.ts';
import type { Post } from '../../model/post.ts';
import { parseQuarantined, quarantineKey } from '../../model/quarantine.ts';
import { lastOffsetMetadata } from '../../model/raw-line.ts';
import { type FeedName, feedNames } from '../../model/rules/rule.ts';
import type { DeployedNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import type { Send } from '../emulator/door.ts';
import { type DoorName, doorNames, requestsTo, toldBy } from '../emulator/doors.ts';
import { listObjects, readObject } from '../quarantine/bucket.ts';

export interface Pipeline {
  readonly clients: Clients;
  readonly names: DeployedNames;
  /** The invoke URL with its stage. */
  readonly url: string;
  readonly send: Send;
  readonly deployment: string;
}

/** A row that a door took, with what is still to be seen of it. */
interface Travelling {
  readonly feed: FeedName;
  readonly door: DoorName;
  readonly record: RecordCoordinate;
  readonly takenAt: number;
  readonly awaited: Set<Hop['name']>;
  arrivalMs?: number;
  /** When it was seen in the posts table. */
  storedAt?: number;
}

const pollMs = 50;
const slowMs = 300;
const batchMs = 2_000;
const slowestMs = 2_000;
/** Of a change, by functions that run. */
const countedWithinMs = 2_000;
/** What has not come for long is looked at less often: its time is told to a tenth, and the services are left in peace. */
const longer = 1.1;

/** Hops as they are found by several who look at the same time. */
class Found {
  readonly #hops: Hop[] = [];
  #wake: () => void = () => {};

  readonly add = (hop: Hop): void => {
    this.#hops.push(hop);
    this.#wake();
  };

  /** What is found until `work` has ended. @throws what it throws */
  async *until(work: Promise<unknown>): AsyncGenerator<Hop> {
    let isOver = false;
    const over = work.finally(() => {
      isOver = true;
      this.#wake();
    });
    over.catch(() => {});
    for (;;) {
      yield* this.#hops.splice(0);
      if (isOver) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    await over;
  }
}

/**
 * Sends the rows of a post through each door, and looks where each has come, until all are stored or refused, landed
 * in raw, counted, and in the batch layer; or until `signal` is aborted. Each station is looked at by itself, so that a
 * slow one does not make another look late.
 */
export async function* follow(pipeline: Pipeline, order: PostOrder, signal: AbortSignal): AsyncGenerator<Hop> {
  const found = new Found();
  const sendAndLook = async (feed: FeedName, row: unknown): Promise<void> => {
    for (const door of doorNames.filter((name) => order.doors.includes(name))) {
      const { hop, record } = await handOver(pipeline, feed, door, row, order.index);
      found.add(hop);
      if (record === undefined) continue;
      const travelling = { feed, door, record, takenAt: hop.at, awaited: stations(pipeline, door) };
      looking.push(lookOn(pipeline, order.index, travelling, found.add, signal));
    }
  };
  const looking: Promise<void>[] = [];
  const all = async (): Promise<void> => {
    for (const feed of feedNames) {
      const row = order.rows[feed];
      if (row !== undefined) await sendAndLook(feed, row);
    }
    await Promise.all(looking);
  };
  yield* found.until(all());
}

/** Looks at the stations of one row side by side, each until it is there. */
async function lookOn(
  pipeline: Pipeline,
  index: number,
  row: Travelling,
  found: (hop: Hop) => void,
  signal: AbortSignal,
): Promise<void> {
  const look = async (name: Hop['name'], everyMs: number, once: () => Promise<readonly Hop[]>): Promise<void> => {
    for (let ms = everyMs; row.awaited.has(name) && !signal.aborted; ms = Math.min(slowestMs, ms * longer)) {
      for (const hop of await once()) found(hop);
      if (row.awaited.has(name)) await sleep(ms, undefined, { signal }).catch(() => {});
    }
  };
  const isStored = () => row.storedAt !== undefined;
  await Promise.all([
    look('log', slowMs, () => lookInLog(pipeline, row)),
    look('posts', pollMs, () => lookForPart(pipeline, index, row)),
    look('raw', slowMs, () => lookInRaw(pipeline, row)),
    look('answers', slowMs, async () => (isStored() ? lookAtAnswers(pipeline, row) : [])),
    look('batch', batchMs, () => lookAtRuns(pipeline, row)),
  ]);
}

function stations({ names }: Pipeline, door: DoorName): Set<Hop['name']> {
  const speed = door === 'streams' || names.speedTopics !== undefined;
  return new Set<Hop['name']>([
    'log',
    ...(speed ? (['posts', 'answers'] as const) : []),
    ...(names.batch ? (['raw', 'batch'] as const) : []),
  ]);
}

async function handOver(
  { url, send, deployment }: Pipeline,
  feed: FeedName,
  door: DoorName,
  row: unknown,
  index: number,
) {
  const { method, path, body, headers } = requestsTo[door](deployment, feed, row, index);
  const began = performance.now();
  const answer = await send(method, new URL(url + path), body, headers);
  const ms = Math.round(performance.now() - began);
  const told = toldBy(door, answer);
  const partition = told.shardId ?? told.partition;
  const offset = told.sequenceNumber ?? told.offset;
  const taken = partition !== undefined && offset !== undefined;
  const detail = taken
    ? `${answer.status} in ${ms} ms: ${partition}, ${shortened(String(offset))}`
    : `${answer.status || 'no answer'} in ${ms} ms: ${told.message}`;
  const hop: Hop = { feed, door, name: 'door', at: Date.now(), detail, ...(!taken && { refused: true }) };
  if (!taken) return { hop };
  const topic = door === 'streams' ? `streaming-${deployment}-${feed}` : `${deployment}.${feed}`;
  const source = door === 'streams' ? ('kinesis' as const) : ('kafka' as const);
  return { hop, record: { source, topic, partition: String(partition), offset: String(offset) } };
}

/** When the stream says it arrived; a topic's record is told of by the key under which it is stored. */
async function lookInLog({ clients }: Pipeline, row: Travelling): Promise<Hop[]> {
  const { source, topic, partition, offset } = row.record;
  if (source !== 'kinesis') return [];
  const place = { StreamName: topic, ShardId: partition, ShardIteratorType: 'AT_SEQUENCE_NUMBER' } as const;
  const { ShardIterator } = await clients.kinesis.send(
    new GetShardIteratorCommand({ ...place, StartingSequenceNumber: offset }),
  );
  const { Records = [] } = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1 }));
  const arrival = Records[0]?.ApproximateArrivalTimestamp;
  return arrival === undefined ? [] : arrived(row, arrival.getTime());
}

/** The row has been found in the log. */
function arrived(row: Travelling, arrivalMs: number): Hop[] {
  if (!row.awaited.delete('log')) return [];
  row.arrivalMs = arrivalMs;
  const { feed, door, record } = row;
  return [{ feed, door, name: 'log', at: arrivalMs, detail: `${record.topic}, ${record.partition}` }];
}

/** In the posts table, under the order key that tells when the record arrived, or in quarantine. */
async function lookForPart({ clients, names }: Pipeline, ind: number, row: Travelling): Promise<Hop[]> {
  const { feed, door, record, takenAt } = row;
  const get = new GetCommand({ TableName: names.postsTable, Key: { ind }, ConsistentRead: true });
  const post = (await clients.dynamodb.send(get)).Item as Post | undefined;
  const key = post?.[feed]?.k.split('#');
  const isOwn =
    key?.[1] === record.source && key[3] === record.partition && BigInt(key[4] ?? 0) === BigInt(record.offset);
  const isLater = key !== undefined && Number(key[0]) >= (row.arrivalMs ?? takenAt);
  if (key === undefined || !(isOwn || isLater)) return lookInQuarantine(clients, names.quarantineBucket, row);
  row.awaited.delete('posts');
  row.storedAt = Date.now();
  const detail = isOwn ? `under ${key[0]}#${key[1]}#…` : 'a later arrival of it is stored already';
  const hop: Hop = { feed, door, name: 'posts', at: row.storedAt, detail };
  return isOwn ? [...arrived(row, Number(key[0])), hop] : [hop];
}

async function lookInQuarantine(clients: Clients, bucket: string, row: Travelling): Promise<Hop[]> {
  const { feed, door, record } = row;
  const key = quarantineKey('speed', feed, row.arrivalMs ?? row.takenAt, { ...record, position: 0 });
  const text = await readObject(clients, bucket, key);
  if (text === undefined) return [];
  const { rule, reason, arrival } = parseQuarantined(text);
  for (const name of ['posts', 'answers', 'batch'] as const) row.awaited.delete(name);
  const refused = {
    feed,
    door,
    name: 'quarantine',
    at: Date.now(),
    detail: `${rule}: ${reason}`,
    refused: true,
  } as const;
  return [...arrived(row, Date.parse(arrival)), refused];
}

/** In the object that begins at or before the record and ends at or after it. */
async function lookInRaw({ clients, names }: Pipeline, row: Travelling): Promise<Hop[]> {
  const { feed, door, record } = row;
  const bucket = names.batch!.rawBucket;
  const date = new Date(row.arrivalMs ?? row.takenAt).toISOString().slice(0, 10);
  const digits = record.offset.padStart(record.source === 'kinesis' ? 56 : 20, '0');
  const prefix = `raw/${feed}/dt=${date}/${record.topic}+${record.partition}+`;
  const objects = await listObjects(clients, bucket, prefix);
  const holder = objects.findLast(({ key }) => key <= `${prefix}${digits}.jsonl.gz`);
  if (holder === undefined) return [];
  const { Metadata = {} } = await clients.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: holder.key }));
  if (BigInt(Metadata[lastOffsetMetadata] ?? 0) < BigInt(record.offset)) return [];
  row.awaited.delete('raw');
  return [{ feed, door, name: 'raw', at: Date.now(), detail: `${prefix.slice(0, prefix.lastIndexOf('/'))}/…` }];
}

/**
 * Changes are counted in their order: once one stored later is, all before it are. Their times are told in whole
 * seconds, so the last change for a while never is later than the arrival: it counts when it has had time to.
 */
async function lookAtAnswers({ url, send }: Pipeline, row: Travelling): Promise<Hop[]> {
  const answer = await send('GET', new URL(`${url}/metrics/posts-by-category?by=&layer=live`), '');
  if (answer.status !== 200) return [];
  const { watermark, layer } = JSON.parse(answer.body) as { readonly watermark: string | null; readonly layer: string };
  // Without a complete live history there is nothing to wait for.
  if (layer !== 'live') row.awaited.delete('answers');
  if (layer !== 'live' || watermark === null) return [];
  const arrival = row.arrivalMs ?? row.takenAt;
  const isLong = Date.now() - row.storedAt! > countedWithinMs;
  if (Date.parse(watermark) < (isLong ? Math.floor(arrival / 1_000) * 1_000 : arrival)) return [];
  row.awaited.delete('answers');
  const { feed, door } = row;
  return [{ feed, door, name: 'answers', at: Date.now(), detail: `changes up to ${watermark} are counted` }];
}

/** A run takes what arrived up to its watermark. */
async function lookAtRuns({ clients, names }: Pipeline, row: Travelling): Promise<Hop[]> {
  const get = new GetCommand({ TableName: names.batch!.runsTable, Key: { id: 'batch' } });
  const pointer = (await clients.dynamodb.send(get)).Item?.['pointer'] as
    | { readonly runId: string; readonly watermark: number }
    | undefined;
  if (pointer === undefined || Number(pointer.watermark) < (row.arrivalMs ?? row.takenAt)) return [];
  row.awaited.delete('batch');
  const { feed, door } = row;
  return [{ feed, door, name: 'batch', at: Date.now(), detail: `run ${pointer.runId}` }];
}

const shortened = (text: string): string => (text.length > 16 ? `${text.slice(0, 6)}…${text.slice(-6)}` : text);
