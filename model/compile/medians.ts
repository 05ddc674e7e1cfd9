import type { Question } from '../questions/question.ts';
import type { BudgetedReader } from './budget.ts';
import { blockMember, valueMember } from './contribution.ts';
import { type Facts, type FactsByRow, type Group, rowOf } from './facts.ts';
import { inParallel } from './in-parallel.ts';

/** Members of a histogram with their counts, in the order of values. */
type Counts = Map<string, bigint>;

/** The groups whose histograms are one row of the answer. */
interface Merged {
  readonly facts: Facts;
  readonly groups: Group[];
  readonly blocks: Counts;
}

/**
 * Totals, medians and greatest values of histograms. A median reads the blocks of its groups, a hundred or so, and then
 * the values of the one block in which it lies.
 */
export async function readMedians(
  question: Question,
  reader: BudgetedReader,
  groups: readonly Group[],
  facts: FactsByRow,
): Promise<void> {
  const merged = new Map<Facts, Merged>();
  await inParallel(groups, async (group) => {
    const of = facts.of(rowOf(reader.metric.by, group.dimensions));
    const row: Merged = merged.get(of) ?? { facts: of, groups: [], blocks: new Map() };
    merged.set(of, row);
    row.groups.push(group);
    await addCounts(reader, group, blockMember, row.blocks);
  });
  await inParallel([...merged.values()], async (row) => {
    row.facts.total = [...row.blocks.values()].reduce((sum, count) => sum + count, 0n);
    const wanted = Object.values(question.values);
    if (wanted.some(({ kind }) => kind === 'median')) row.facts.median = await median(reader, row);
    for (const aggregate of wanted) {
      if (aggregate.kind === 'greatest') row.facts.greatest.set(aggregate.column, await greatestOf(reader, row));
    }
  });
}

async function median(reader: BudgetedReader, { facts, groups, blocks }: Merged): Promise<bigint | null> {
  const [block, before] = upTo(blocks, (facts.total + 1n) / 2n);
  if (block === undefined) return null;
  const values: Counts = new Map();
  await inParallel(groups, (group) => addCounts(reader, group, valueMember, values, block));
  const [value] = upTo(values, (facts.total + 1n) / 2n - before);
  return value === undefined ? null : BigInt(value);
}

async function greatestOf(reader: BudgetedReader, { groups }: Merged): Promise<bigint | null> {
  const each = await inParallel(groups, async ({ group }) => {
    for await (const { member } of reader.counters({ group, prefix: valueMember, descending: true, expected: 1 })) {
      return BigInt(member.slice(valueMember.length));
    }
    return null;
  });
  return each.reduce((one, other) => (one === null || (other !== null && other > one) ? other : one), null);
}

/** The member in which the element of this rank lies, and how many elements are before it; the last if there are fewer. */
function upTo(counts: Counts, rank: bigint): [member: string | undefined, before: bigint] {
  let found: string | undefined;
  let before = 0n;
  let seen = 0n;
  for (const [member, count] of [...counts].sort(([one], [other]) => (one < other ? -1 : 1))) {
    [found, before] = [member, seen];
    seen += count;
    if (seen >= rank) break;
  }
  return [found, before];
}

async function addCounts(
  reader: BudgetedReader,
  { group }: Group,
  level: string,
  into: Counts,
  block = '',
): Promise<void> {
  for await (const { member, value } of reader.counters({ group, prefix: level + block })) {
    const key = member.slice(level.length);
    if (value > 0n) into.set(key, (into.get(key) ?? 0n) + value);
  }
}
