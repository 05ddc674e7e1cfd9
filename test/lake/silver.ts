import { feeds } from '../../model/feeds/index.ts';
import { metrics } from '../../model/metrics/index.ts';
import type { Post } from '../../model/post.ts';
import { type FeedName, feedNames, type Rule } from '../../model/rules/rule.ts';

/** As glue-scripts' silver.py names them, in the words of Athena. */
function typeOf({ kind }: Rule): string {
  if (kind === 'count' || kind === 'integer') return 'bigint';
  return kind === 'timestamp' ? 'timestamp(6)' : 'varchar';
}

/** Those that some metric reads. */
const columnsOf = (feed: FeedName): readonly (readonly [name: string, type: string])[] => [
  ['ind', 'bigint'],
  ...feeds[feed].columns
    .filter(({ name }) => JSON.stringify(metrics).includes(`"${feed}.${name}"`))
    .map(({ name, rule }) => [name, typeOf(rule)] as const),
  ['arrival', 'timestamp(6)'],
];

function literal(value: unknown, type: string): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return String(value);
  const text = String(value).replaceAll("'", "''");
  return type === 'varchar' ? `'${text}'` : `TIMESTAMP '${text.replace(/[TZ]/g, ' ').trim()}'`;
}

/** A SELECT of a feed's rows, with the columns of its silver table that metrics may use. */
export function silverRows(feed: FeedName, posts: readonly Post[]): string {
  const columns = columnsOf(feed);
  const rows = posts.flatMap(({ ind, [feed]: part }) => {
    if (part === undefined) return [];
    const given = { ...part.fields, ind, arrival: new Date(Number(part.k.slice(0, 13))).toISOString() };
    return `(${columns.map(([name, type]) => literal(given[name as keyof typeof given], type)).join(', ')})`;
  });
  // Gives the others their types.
  const none = `(${columns.map(([, type]) => `CAST(NULL AS ${type})`).join(', ')})`;
  return `SELECT * FROM (VALUES ${[none, ...rows].join(', ')}) AS t (${columns.map(([name]) => `"${name}"`).join(', ')}) WHERE ind IS NOT NULL`;
}

/** Stands before a query that reads the silver tables, and takes their place. */
export const silverTables = (posts: readonly Post[]): string =>
  `WITH ${feedNames.map((feed) => `silver_${feed} AS (${silverRows(feed, posts)})`).join(',\n')}\n`;
