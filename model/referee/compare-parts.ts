import type { Part } from '../post.ts';
import type { CleanValue } from '../rules/clean-row.ts';
import type { Feed, Rule } from '../rules/rule.ts';

/** A row of a silver table as Athena writes it, without the columns that are not compared. */
export interface SilverRow {
  readonly orderKey: string;
  /** In the order of the feed's columns. Text as in Athena's results; null: SQL's NULL. */
  readonly values: readonly (string | null)[];
}

export interface PartScope {
  /** Epoch ms: of the run that wrote silver last. */
  readonly watermark: number;
  /** Whether rows of topics reach the posts table. */
  readonly topicsFeedSpeed: boolean;
}

/** How the layers stand to each other about one feed of one post. */
export const verdicts = [
  'equal',
  /** One layer has a row that arrived above the watermark. */
  'ahead',
  /** The row that won in silver came through a door that does not feed the posts table. */
  'otherDoor',
  'notInPosts',
  'notInSilver',
  /** Another row won. */
  'otherRow',
  /** The same row has other content. */
  'otherContent',
] as const;
export type Verdict = (typeof verdicts)[number];

export const isDrift = (verdict: Verdict): boolean => !['equal', 'ahead', 'otherDoor'].includes(verdict);

/** At least one of part and row is there. */
export function comparePart(
  feed: Feed,
  part: Part | undefined,
  row: SilverRow | undefined,
  { watermark, topicsFeedSpeed }: PartScope,
): Verdict {
  const isAhead = (orderKey: string | undefined) => orderKey !== undefined && arrivalOf(orderKey) > watermark;
  if (isAhead(part?.k) || isAhead(row?.orderKey)) return 'ahead';
  if (row !== undefined && !topicsFeedSpeed && sourceOf(row.orderKey) !== 'kinesis') return 'otherDoor';
  if (row === undefined) return 'notInSilver';
  if (part === undefined) return 'notInPosts';
  if (part.k !== row.orderKey) return 'otherRow';
  const same = feed.columns.every(({ name, rule }, at) =>
    isWritten(rule, part.fields[name] ?? null, row.values[at] ?? null),
  );
  return same ? 'equal' : 'otherContent';
}

/** Epoch ms of arrival, the first part of an order key. */
const arrivalOf = (orderKey: string): number => Number(orderKey.slice(0, 13));
const sourceOf = (orderKey: string): string => orderKey.split('#')[1] ?? '';

/**
 * Whether Athena writes a clean value so.
 * @see https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 */
function isWritten(rule: Rule, value: CleanValue, text: string | null): boolean {
  if (value === null || text === null) return value === text;
  // Athena may write more digits of a second than a clean value has.
  if (rule.kind === 'timestamp')
    return String(value).replace('T', ' ').replace('Z', '') === text.replace(/(?<=\.\d{3})0+$/, '');
  if (rule.kind === 'count' || rule.kind === 'integer' || rule.kind === 'number') return Number(text) === value;
  if (!Array.isArray(value)) return text === value;
  const elements = text === '[]' ? [] : text.replace(/^\[|\]$/g, '').split(', ');
  return elements.length === value.length && elements.every((element, at) => Number(element) === value[at]);
}
