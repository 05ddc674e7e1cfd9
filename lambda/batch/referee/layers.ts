import type { AthenaClient } from '@aws-sdk/client-athena';
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { feeds } from '../../../model/feeds/index.ts';
import type { Post } from '../../../model/post.ts';
import { arrivalDate } from '../../../model/raw-line.ts';
import type { SilverRow } from '../../../model/referee/compare-parts.ts';
import type { Sample } from '../../../model/referee/report.ts';
import { type FeedName, feedNames } from '../../../model/rules/rule.ts';
import { athenaRows } from '../../shared/athena-query.ts';
import { readPointer } from '../../shared/pointer.ts';
import { readRegistry } from '../../shared/registry.ts';
import type { Layers } from './referee.ts';

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

/** A day's gaps are seen by the runs of that day and of the next. */
const lookBackMs = 24 * 3_600_000;

/** The layers where they are kept. */
export function deployedLayers(
  { dynamodb, athena, s3 }: LayerClients,
  names: LayerNames,
): Layers & {
  /** Posts in silver. */
  size(): Promise<number>;
} {
  return {
    pointer: () => readPointer(dynamodb, names.runsTable),
    async silver(feed, sample) {
      const found = new Map<number, SilverRow>();
      for await (const [ind, orderKey, ...values] of query(silverSql(feed, sample))) {
        found.set(Number(ind), { orderKey: orderKey ?? '', values });
      }
      return found;
    },
    async missingOffsets(watermark) {
      for await (const [missing] of query(missingOffsetsSql(watermark))) return Number(missing ?? 0);
      return 0;
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

  function query(sql: string): AsyncGenerator<readonly (string | null)[]> {
    return athenaRows({ athena, s3 }, { sql, workgroup: names.workgroup, database: names.database });
  }
}

function silverSql(feed: FeedName, { of, part }: Sample): string {
  const columns = feeds[feed].columns.map(({ name }) => `"${name}"`).join(', ');
  return `SELECT ind, order_key, ${columns} FROM silver_${feed} WHERE ind >= 0 AND mod(ind, ${of}) = ${part}`;
}

/** A partition of a topic numbers its records without gaps, and their times are those of its log. */
function missingOffsetsSql(watermark: number): string {
  const dates = `dt BETWEEN '${arrivalDate(Math.max(0, watermark - lookBackMs))}' AND '${arrivalDate(watermark)}'`;
  const offset = 'CAST("offset" AS bigint)';
  return [
    `SELECT sum(missing) FROM (SELECT max(${offset}) - min(${offset}) + 1 - count(DISTINCT "offset") AS missing`,
    `FROM raw WHERE feed IN (${feedNames.map((feed) => `'${feed}'`).join(', ')}) AND ${dates}`,
    `AND source = 'kafka' AND "timestamp" <= ${watermark} GROUP BY topic, "partition") AS partitions`,
  ].join(' ');
}
