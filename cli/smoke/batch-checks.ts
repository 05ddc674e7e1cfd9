import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { readRawLine } from '../../model/read-raw-line.ts';
import { feedNames } from '../../model/rules/rule.ts';
import type { BatchNames } from '../accounting/deployed-names.ts';
import type { Clients } from '../aws.ts';
import { followRun, startRun } from '../batch/run.ts';
import { listObjects } from '../quarantine/bucket.ts';
import { namedQueries, runQuery } from '../query/athena.ts';
import { type Check, CheckFailedError, expectThat, SkippedError } from './check.ts';
import type { TopicRow } from './topics-checks.ts';

export interface BatchOptions {
  readonly clients: Clients;
  /** Undefined: nothing tells the names, for want of credentials. */
  readonly names: BatchNames | undefined;
  readonly sent: readonly TopicRow[];
  /** How long records may take to raw, and a run to begin that meets another one. */
  readonly waitMs: number;
}

const pauseMs = 1_000;

/** What is behind the topics door: the connector's object, a run of the state machine, and a question to Athena. */
export function batchChecks({ clients, names, sent, waitMs }: BatchOptions): Check[] {
  const about = 'batch';
  const found = (): BatchNames => {
    if (names === undefined) throw new SkippedError('the names of the deployment are not known');
    return names;
  };
  return [
    {
      about,
      name: 'records land in raw',
      run: () => recordsLand(clients, found().rawBucket, sent, Date.now() + waitMs),
    },
    { about, name: 'a run of the state machine', run: () => runEnds(clients, found(), Date.now() + waitMs) },
    { about, name: 'a named query', run: () => queryAnswers(clients, found()) },
  ];
}

async function recordsLand(
  clients: Clients,
  bucket: string,
  sent: readonly TopicRow[],
  deadline: number,
): Promise<string> {
  expectThat(sent.length > 0, 'the topics door took no record');
  const keys = new Set<string>();
  for (const row of sent) {
    const landed = await landedIn(clients, bucket, row);
    if (landed === undefined) {
      if (Date.now() >= deadline) {
        throw new CheckFailedError(`${row.topic}/${row.partition}/${row.offset} is in no object of ${bucket}`);
      }
      await sleep(pauseMs);
      return recordsLand(clients, bucket, sent, deadline);
    }
    const [is, should] = [landed.value, JSON.stringify(row.raw)];
    expectThat(is === should, `${landed.key} holds ${is} instead of ${should}`);
    keys.add(landed.key);
  }
  return `${sent.length} records in ${[...keys].join(', ')}`;
}

/** In the object that begins at the record or before it, of today or, just after midnight, of yesterday. */
async function landedIn(clients: Clients, bucket: string, { feed, topic, partition, offset }: TopicRow) {
  for (const ago of [0, 86_400_000]) {
    const day = new Date(Date.now() - ago).toISOString().slice(0, 10);
    const objects = await listObjects(clients, bucket, `raw/${feed}/dt=${day}/${topic}+${partition}+`);
    const first = (key: string) => Number(/\+(\d+)\.jsonl\.gz$/.exec(key)?.[1]);
    const key = objects
      .map((object) => object.key)
      .filter((each) => first(each) <= offset)
      .sort()
      .at(-1);
    if (key === undefined) continue;
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const lines = gunzipSync(await Body!.transformToByteArray())
      .toString('utf8')
      .trimEnd()
      .split('\n');
    const record = lines.map(readRawLine).find((each) => each.offset === String(offset));
    if (record) return { key, value: JSON.stringify(JSON.parse(Buffer.from(record.bytes).toString('utf8'))) };
  }
  return undefined;
}

/** A run that meets another one has to wait for it. */
async function runEnds(clients: Clients, names: BatchNames, deadline: number): Promise<string> {
  const result = await followRun(clients, await startRun(clients, names));
  if (result.outcome === 'overlap' && Date.now() < deadline) {
    await sleep(pauseMs);
    return runEnds(clients, names, deadline);
  }
  expectThat(result.outcome !== 'overlap', 'another run has the lease');
  if (result.outcome === 'failed')
    throw new CheckFailedError(`it ${result.status.toLowerCase()}: ${result.error}: ${result.cause}`);
  expectThat(result.outcome !== 'left', 'it was not followed to its end');
  const rows = feedNames.map((feed) => {
    const { rows_in: rows, applied, duplicate, superseded, quarantined } = result.summary.feeds[feed];
    const ended = applied + duplicate + superseded + quarantined;
    expectThat(ended === rows, `${feed}: ${rows} rows came in, ${ended} have an end`);
    return `${feed} ${rows}`;
  });
  return `${result.outcome}; rows read: ${rows.join(', ')}`;
}

async function queryAnswers(clients: Clients, names: BatchNames): Promise<string> {
  const [query] = await namedQueries(clients, names);
  expectThat(query !== undefined, `the workgroup ${names.workgroup} has no named query`);
  const { rows, scannedBytes } = await runQuery(clients, names, query.sql);
  return `${query.name}: ${rows.length} rows, ${scannedBytes.toLocaleString('en')} bytes scanned`;
}
