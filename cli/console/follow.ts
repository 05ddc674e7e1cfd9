import { setTimeout as sleep } from 'node:timers/promises';
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
}

const pollMs = 100;
const dayMs = 86_400_000;

/**
 * Sends the rows of a post through each door, then looks where each has come, until all are stored or refused, landed
 * in raw, counted, and in the batch layer; or until `signal` is aborted.
 */
export async function* follow(pipeline: Pipeline, order: PostOrder, signal: AbortSignal): AsyncGenerator<Hop> {
  const travelling: Travelling[] = [];
  for (const feed of feedNames) {
    const row = order.rows[feed];
    if (row === undefined) continue;
    for (const door of doorNames.filter((name) => order.doors.includes(name))) {
      const { hop, record } = await handOver(pipeline, feed, door, row, order.index);
      yield hop;
      if (record) travelling.push({ feed, door, record, takenAt: hop.at, awaited: stations(pipeline, door) });
    }
  }
  while (travelling.some(({ awaited }) => awaited.size > 0) && !signal.aborted) {
    yield* await look(pipeline, order.index, travelling);
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

function stations({ names }: Pipeline, door: DoorName): Set<Hop['name']> {
  const speed = door === 'streams' || names.speedTopics !== undefined;
  return new Set<Hop['name']>([
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

/** What has happened since the last look. */
async function look(pipeline: Pipeline, index: number, travelling: readonly Travelling[]): Promise<Hop[]> {
  const waitsFor = (name: Hop['name']) => travelling.filter(({ awaited }) => awaited.has(name));
  const found: Hop[] = [];
  if (waitsFor('posts').length > 0) found.push(...(await lookForParts(pipeline, index, waitsFor('posts'))));
  for (const row of waitsFor('raw')) found.push(...(await lookInRaw(pipeline, row)));
  const stored = (row: Travelling) => row.arrivalMs !== undefined && !row.awaited.has('posts');
  const uncounted = waitsFor('answers').filter(stored);
  if (uncounted.length > 0) found.push(...(await lookAtAnswers(pipeline, uncounted)));
  const outOfBatch = waitsFor('batch').filter(({ arrivalMs }) => arrivalMs !== undefined);
  if (outOfBatch.length > 0) found.push(...(await lookAtRuns(pipeline, outOfBatch)));
  return found;
}

/** In the posts table, under the order key that tells when the record arrived, or in quarantine. */
async function lookForParts({ clients, names }: Pipeline, ind: number, rows: readonly Travelling[]): Promise<Hop[]> {
  const get = new GetCommand({ TableName: names.postsTable, Key: { ind }, ConsistentRead: true });
  const post = (await clients.dynamodb.send(get)).Item as Post | undefined;
  const found: Hop[] = [];
  for (const row of rows) {
    const key = post?.[row.feed]?.k.split('#');
    const isOwn = key?.[1] === row.record.source && BigInt(key[4] ?? 0) >= BigInt(row.record.offset);
    const isLater = key !== undefined && Number(key[0]) >= row.takenAt;
    if (key && (isOwn || isLater)) {
      row.awaited.delete('posts');
      if (isOwn) found.push(arrived(row, Number(key[0])));
      row.arrivalMs ??= row.takenAt;
      const detail = isOwn ? `stored under ${key[0]}#${key[1]}#…` : 'stored; another arrival has replaced it since';
      found.push({ feed: row.feed, door: row.door, name: 'posts', at: Date.now(), detail });
    } else if (Date.now() - row.takenAt > pollMs) {
      found.push(...(await lookInQuarantine(clients, names.quarantineBucket, row)));
    }
  }
  return found;
}

async function lookInQuarantine(clients: Clients, bucket: string, row: Travelling): Promise<Hop[]> {
  const { feed, door, record } = row;
  for (const day of new Set([row.takenAt, row.takenAt - dayMs])) {
    const text = await readObject(clients, bucket, quarantineKey('speed', feed, day, { ...record, position: 0 }));
    if (text === undefined) continue;
    const { rule, reason, arrival } = parseQuarantined(text);
    row.awaited.delete('posts');
    row.awaited.delete('answers');
    const refused = {
      feed,
      door,
      name: 'quarantine',
      at: Date.now(),
      detail: `${rule}: ${reason}`,
      refused: true,
    } as const;
    return [arrived(row, Date.parse(arrival)), refused];
  }
  return [];
}

function arrived(row: Travelling, arrivalMs: number): Hop {
  row.arrivalMs = arrivalMs;
  const { feed, door, record } = row;
  return { feed, door, name: 'log', at: arrivalMs, detail: `${record.topic}, ${record.partition}` };
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
  row.arrivalMs ??= row.takenAt;
  return [{ feed, door, name: 'raw', at: Date.now(), detail: holder.key }];
}

/** Changes are counted in their order: once a later one is, all before it are. */
async function lookAtAnswers({ url, send }: Pipeline, rows: readonly Travelling[]): Promise<Hop[]> {
  const answer = await send('GET', new URL(`${url}/metrics/posts-by-category?by=&layer=live`), '');
  const { watermark, layer } = answer.status === 200 ? JSON.parse(answer.body) : ({} as Record<string, unknown>);
  if (layer !== 'live') {
    for (const { awaited } of rows) awaited.delete('answers');
    return [];
  }
  return rows.flatMap((row): Hop[] => {
    if (Date.parse(String(watermark)) < row.arrivalMs!) return [];
    row.awaited.delete('answers');
    const { feed, door } = row;
    return [{ feed, door, name: 'answers', at: Date.now(), detail: `live answers count changes up to ${watermark}` }];
  });
}

/** A run takes what arrived up to its watermark. */
async function lookAtRuns({ clients, names }: Pipeline, rows: readonly Travelling[]): Promise<Hop[]> {
  const get = new GetCommand({ TableName: names.batch!.runsTable, Key: { id: 'batch' } });
  const pointer = (await clients.dynamodb.send(get)).Item?.['pointer'] as
    | { readonly runId: string; readonly watermark: number }
    | undefined;
  return rows.flatMap((row): Hop[] => {
    if (pointer === undefined || Number(pointer.watermark) < row.arrivalMs!) return [];
    row.awaited.delete('batch');
    const { feed, door } = row;
    return [{ feed, door, name: 'batch', at: Date.now(), detail: `run ${pointer.runId}` }];
  });
}

const shortened = (text: string): string => (text.length > 16 ? `${text.slice(0, 6)}…${text.slice(-6)}` : text);
