import { type Dimension, keptMinutes, type Metric } from '../metrics/metric.ts';
import type { Question } from '../questions/question.ts';
import { BudgetedReader } from './budget.ts';
import { type CounterReader, groupOf, minuteOf } from './contribution.ts';
import { FactsByRow, type Group, rowOf } from './facts.ts';
import { inParallel } from './in-parallel.ts';
import { joinKey, keyPrefix, splitKey } from './keys.ts';
import { readMedians } from './medians.ts';
import { passes, type Row } from './rows.ts';

export interface LiveOptions {
  /** Epoch ms: the end of windows. */
  readonly now: number;
}

/** What a question's rows are made of, from the counters of one of its metrics. @throws OverBudgetError */
export async function readFacts(
  question: Question,
  metric: Metric,
  reader: CounterReader,
  { now }: LiveOptions,
): Promise<FactsByRow> {
  const budgeted = new BudgetedReader(metric, reader);
  const facts = new FactsByRow(question);
  const minutes = metric.window ? minutesTo(now, metric.window.minutes) : [''];
  const { kind } = metric.measure;
  if (kind === 'count' || kind === 'sum') {
    await inParallel(minutes, (minute) => readMembers(question, budgeted, { group: minute, dimensions: [] }, facts));
    return facts;
  }
  const groups = (await inParallel(minutes, (minute) => groupsOf(question, budgeted, minute))).flat();
  if (kind === 'histogram') await readMedians(question, budgeted, groups, facts);
  else await inParallel(groups, (group) => readMembers(question, budgeted, group, facts));
  return facts;
}

/** The running minute and those before it. */
function minutesTo(now: number, minutes: number): string[] {
  const count = Math.min(minutes, keptMinutes) + 1;
  return Array.from({ length: count }, (_, ago) => minuteOf(now - ago * 60_000));
}

/** The groups that the question's filters let through. */
async function groupsOf(question: Question, reader: BudgetedReader, minute: string): Promise<Group[]> {
  const { by } = reader.metric;
  if (by.length === 0) return [{ group: minute, dimensions: [] }];
  const groups: Group[] = [];
  for await (const { member, value } of reader.counters({ group: minute, ...fixedStart(question, by) })) {
    const dimensions = splitKey(member);
    if (value > 0n && isWanted(question, rowOf(by, dimensions))) {
      groups.push({ group: groupOf(minute, dimensions), dimensions });
    }
  }
  return groups;
}

/** Adds the members of a group, or only those of the greatest first key where no others can be in the answer. */
async function readMembers(question: Question, reader: BudgetedReader, from: Group, facts: FactsByRow): Promise<void> {
  const { measure, by } = reader.metric;
  const isDistinct = measure.kind === 'distinct';
  const columns = isDistinct ? measure.keys : by;
  const onlyGreatest = readsGreatestOnly(question, reader.metric);
  const group = isDistinct ? rowOf(by, from.dimensions) : {};
  const apart = isDistinct ? measure.keys.filter(({ name }) => !question.by.includes(name)) : [];
  let greatest: string | undefined;
  const range = {
    group: from.group,
    ...(onlyGreatest ? { descending: true, expected: 1 } : fixedStart(question, columns)),
  };
  for await (const { member, value } of reader.counters(range)) {
    if (isDistinct && value <= 0n) continue;
    const parts = splitKey(member);
    if (onlyGreatest && greatest !== undefined && parts[0] !== greatest) break;
    greatest = parts[0];
    const row = { ...group, ...rowOf(columns, parts) };
    if (!isWanted(question, row)) continue;
    facts.add(row, value, isDistinct ? joinKey(apart.map((key) => parts[columns.indexOf(key)]!)) : undefined);
  }
}

/** Whether the answer shows, of each group at least, only rows with the greatest value of the key by which members sort. */
function readsGreatestOnly(
  { top, values, where = [] }: Question,
  { measure, by, where: conditions = [] }: Metric,
): boolean {
  if (!top || measure.kind !== 'distinct') return false;
  const [first] = measure.keys;
  const [only, ...others] = Object.values(values);
  const isKnown = conditions.some(({ kind, ...of }) => kind === 'known' && 'field' in of && of.field === first?.field);
  const isGroup = (column: string) => by.some(({ name }) => name === column);
  return (
    first?.kind === 'number' &&
    isKnown &&
    others.length === 0 &&
    only?.kind === 'greatest' &&
    only.column === first.name &&
    top.within.every(isGroup) &&
    where.every(({ column }) => isGroup(column))
  );
}

/** As far as the row has the column: others are asked of other rows. */
const isWanted = ({ where = [] }: Question, row: Row): boolean =>
  where.every((filter) => !Object.hasOwn(row, filter.column) || passes(filter, row[filter.column]));

/** The filters that fix the first columns of a key, as the prefix of its members, which others may have as well. */
function fixedStart({ where = [] }: Question, columns: readonly Dimension[]): { prefix?: string } {
  const fixed: string[] = [];
  for (const { name, kind } of columns) {
    const filter = where.find((each) => each.column === name && 'in' in each && each.in.length === 1);
    if (kind === 'number' || !filter || !('in' in filter)) break;
    fixed.push(filter.in[0]!);
  }
  if (fixed.length === 0) return {};
  return { prefix: fixed.length === columns.length ? joinKey(fixed) : keyPrefix(fixed) };
}
