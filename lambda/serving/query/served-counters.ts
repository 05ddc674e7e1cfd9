import {
  blockMember,
  type Counter,
  type CounterReader,
  groupOf,
  valueMember,
} from '../../../model/compile/contribution.ts';
import { blockOf, joinKey, numberKey } from '../../../model/compile/keys.ts';
import { amountColumn, minuteColumn } from '../../../model/compile/rows.ts';
import { type Dimension, type Metric, memberColumns, unknown } from '../../../model/metrics/metric.ts';

/** A row of a gold table as it was copied: by column. */
export type GoldRow = Readonly<Record<string, string | number | null>>;

/**
 * The rows that a run computed of a metric, as the counters that would add up to them. So both layers are presented by one
 * evaluator.
 */
export function servedCounters(metric: Metric, rows: readonly GoldRow[]): CounterReader {
  const groups = new Map<string, Map<string, bigint>>();
  const add = (group: string, member: string, amount: bigint) => {
    const members = groups.get(group) ?? new Map<string, bigint>();
    groups.set(group, members.set(member, (members.get(member) ?? 0n) + amount));
  };
  for (const row of rows) for (const [group, member, amount] of countersOf(metric, row)) add(group, member, amount);
  const sorted = new Map<string, readonly Counter[]>();
  return {
    async *counters(_, { group, prefix = '', descending = false }) {
      const known = sorted.get(group) ?? inOrder(groups.get(group));
      sorted.set(group, known);
      const wanted = known.filter(({ member }) => member.startsWith(prefix));
      yield* descending ? wanted.reverse() : wanted;
    },
  };
}

function countersOf(metric: Metric, row: GoldRow): readonly (readonly [string, string, bigint])[] {
  const { measure, by, window } = metric;
  const minute = window ? String(row[minuteColumn]) : '';
  const dimensions = by.map((dimension) => keyPart(dimension, row));
  const amount = BigInt(row[amountColumn] ?? 0);
  if (measure.kind === 'count' || measure.kind === 'sum') return [[minute, joinKey(dimensions), amount]];
  const group = groupOf(minute, dimensions);
  const keys = memberColumns(metric).map((column) => keyPart(column, row));
  const members =
    measure.kind === 'distinct' ? [joinKey(keys)] : [blockMember + blockOf(keys[0]!), valueMember + keys[0]!];
  return [
    ...(dimensions.length > 0 ? [[minute, joinKey(dimensions), amount] as const] : []),
    ...members.map((member) => [group, member, amount] as const),
  ];
}

function keyPart({ kind, name }: Dimension, row: GoldRow): string {
  const value = row[name] ?? null;
  if (value === null) return unknown;
  return kind === 'number' ? numberKey(Number(value)) : String(value);
}

const inOrder = (members: ReadonlyMap<string, bigint> = new Map()): readonly Counter[] =>
  [...members]
    .map(([member, value]) => ({ member, value, bytes: Buffer.from(member) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ member, value }) => ({ member, value }));
