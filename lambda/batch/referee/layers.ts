import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AthenaClient, GetQueryExecutionCommand, StartQueryExecutionCommand } from '@aws-sdk/client-athena';
import { type DynamoDBClient, GetItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { feeds } from '../../../model/feeds/index.ts';
import type { Post } from '../../../model/post.ts';
import type { SilverRow } from '../../../model/referee/compare-parts.ts';
import type { Sample } from '../../../model/referee/report.ts';
import type { FeedName } from '../../../model/rules/rule.ts';
import { placeOf, resultRows } from '../../shared/athena-result.ts';
import { readRegistry } from '../../shared/registry.ts';
import type { Layers, Pointer } from './referee.ts';

export interface LayerClients {
  readonly dynamodb: DynamoDBClient;
  readonly athena: AthenaClient;
  readonly s3: S3Client;
}

export interface LayerNames {
  readonly runsTable: string;
  readonly postsTable: string;
  readonly countersTable: string;
  readonly workgroup: string;
  readonly database: string;
}

/** A query on silver failed, in the words of Athena. */
export class SilverError extends Error {
  override readonly name = 'SilverError';
}

/** The layers where they are kept. */
export function deployedLayers(
  { dynamodb, athena, s3 }: LayerClients,
  names: LayerNames,
): Layers & {
  /** Posts in silver. */
  size(): Promise<number>;
} {
  return {
    async pointer() {
      const get = new GetItemCommand({ TableName: names.runsTable, Key: { id: { S: 'batch' } }, ConsistentRead: true });
      const { Item } = await dynamodb.send(get);
      const pointer = Item && (unmarshall(Item)['pointer'] as Pointer | undefined);
      return pointer && { runId: pointer.runId, watermark: Number(pointer.watermark) };
    },
    async silver(feed, sample) {
      const found = new Map<number, SilverRow>();
      for await (const [ind, orderKey, ...values] of query(silverSql(feed, sample))) {
        found.set(Number(ind), { orderKey: orderKey ?? '', values });
      }
      return found;
    },
    async *posts() {
      for await (const item of scan(names.postsTable)) yield item as unknown as Post;
    },
    registry: () => readRegistry(dynamodb, names.countersTable),
    async *counters() {
      for await (const { pk, sk, v, ttl } of scan(names.countersTable)) {
        if (v === undefined) continue;
        yield {
          pk: String(pk),
          sk: String(sk),
          value: BigInt(v as number | bigint),
          ...(ttl !== undefined && { ttl: Number(ttl) }),
        };
      }
    },
    async size() {
      for await (const [count] of query('SELECT count(*) FROM silver_pin')) return Number(count);
      return 0;
    },
  };

  async function* scan(TableName: string): AsyncGenerator<Record<string, unknown>> {
    for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName, ConsistentRead: true })) {
      for (const item of Items) yield unmarshall(item);
    }
  }

  /** Rows without the names of the columns. */
  async function* query(sql: string): AsyncGenerator<readonly (string | null)[]> {
    const location = await run(sql);
    const { Body } = await s3.send(new GetObjectCommand(placeOf(location)));
    let isHead = true;
    for await (const row of resultRows(Body as Readable)) {
      if (!isHead) yield row;
      isHead = false;
    }
  }

  async function run(QueryString: string): Promise<string> {
    const start = new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: names.workgroup,
      QueryExecutionContext: { Database: names.database },
    });
    const { QueryExecutionId } = await athena.send(start);
    for (let pause = 100; ; pause = Math.min(2_000, pause * 1.5)) {
      const { QueryExecution } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      const { State, StateChangeReason } = QueryExecution?.Status ?? {};
      if (State === 'SUCCEEDED') return QueryExecution!.ResultConfiguration!.OutputLocation!;
      if (State === 'FAILED' || State === 'CANCELLED') throw new SilverError(StateChangeReason ?? State);
      await sleep(pause);
    }
  }
}

function silverSql(feed: FeedName, { of, part }: Sample): string {
  const columns = feeds[feed].columns.map(({ name }) => `"${name}"`).join(', ');
  return `SELECT ind, order_key, ${columns} FROM silver_${feed} WHERE ind >= 0 AND mod(ind, ${of}) = ${part}`;
}
