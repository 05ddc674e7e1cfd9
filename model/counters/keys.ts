import { createHash } from 'node:crypto';
import { definitionHash } from '../compile/definition.ts';
import type { Metric } from '../metrics/metric.ts';

/*
 * Where a counter stands in the counters table. Partition key: `<metric>.<hash of its definition>#<generation>#<group>#<spread>`,
 * sort key: the member. Attributes: `v`, the sum; `s:<hash of a stream shard>`, what of that shard is in the sum;
 * `ttl`, where the metric has a window.
 */

/**
 * Partitions that a group of counters is spread over, so that no partition key takes all writes. Every stream shard
 * writes to one of them. A constant: under another number, a batch that comes again would count twice.
 */
export const spreads = 4;

export const spreadOf = (shard: string): number => createHash('sha256').update(shard).digest().readUInt32BE() % spreads;

/** How the counters table calls a metric: `<name>.<hash of its definition>`. */
export const metricId = (metric: Metric): string => `${metric.name}.${definitionHash(metric)}`;

export const partitionKey = (id: string, generation: number, group: string, spread: number): string =>
  `${id}#${generation}#${group}#${spread}`;

/** The metric and the generation of a counter; undefined for what is no counter. */
export function counterOf(key: string): { readonly metricId: string; readonly generation: number } | undefined {
  const [, id, generation] = /^([^#]+\.[^#]+)#([0-9]+)#/.exec(key) ?? [];
  return id === undefined ? undefined : { metricId: id, generation: Number(generation) };
}

/** Sixty bits: two shards of one name would lose changes. */
export const foldedAttribute = (shard: string): string =>
  `s:${createHash('sha256').update(shard).digest('base64url').slice(0, 10)}`;

/** Sequence numbers have 21 to 40 digits; as texts of one length they compare bytewise. */
export const padded = (sequence: string): string => sequence.padStart(40, '0');

const hourMs = 3_600_000;

/** What `s:<shard>` holds: the last sequence number that was folded, and the hour of the write. */
export const foldedUpTo = (sequence: string, now: number): string => `${sequence}@${Math.floor(now / hourMs)}`;

export const sequenceOf = (folded: string): string => folded.slice(0, 40);

/** A stream keeps its records for 24 hours; after twice that, no batch of the shard comes again. */
export const isOver = (folded: string, now: number): boolean => now / hourMs - Number(folded.slice(41)) > 48;
