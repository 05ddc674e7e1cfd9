/**
 * The cleaning vocabulary as data: what a column's rule says, serialisable to JSON, for every interpreter.
 * What each rule does to a value is written in `README.md` beside this file.
 */
export type Rule = TextRule | CountRule | IntegerRule | NumberRule | TimestampRule | ConcatRule | ArrayRule;

/** A rule that reads one column of the raw row. */
export type SourceRule = TextRule | CountRule | IntegerRule | NumberRule | TimestampRule;

interface ReadsColumn {
  /** The raw row's column. */
  readonly from: string;
}

export interface TextRule extends ReadsColumn {
  readonly kind: 'text';
  /** Texts that stand for null, compared exactly. */
  readonly null: readonly string[];
  readonly stripPrefix: string;
  /** In UTF-8. */
  readonly maxBytes: number;
}

export interface CountRule extends ReadsColumn {
  readonly kind: 'count';
  readonly null: readonly string[];
  /** Suffix -> the power of ten it stands for. */
  readonly suffixes: Readonly<Record<string, number>>;
  readonly min: number;
  readonly max: number;
}

export interface IntegerRule extends ReadsColumn {
  readonly kind: 'integer';
  readonly min: number;
  readonly max: number;
}

export interface NumberRule extends ReadsColumn {
  readonly kind: 'number';
  readonly min: number;
  readonly max: number;
}

export interface TimestampRule extends ReadsColumn {
  readonly kind: 'timestamp';
  /** `YYYY`, `MM`, `DD`, `hh`, `mm`, `ss` stand for that many digits, anything else for itself. */
  readonly formats: readonly string[];
}

export interface ConcatRule {
  readonly kind: 'concat';
  readonly separator: string;
  readonly of: readonly TextRule[];
}

export interface ArrayRule {
  readonly kind: 'array';
  readonly of: readonly NumberRule[];
}

export interface Column {
  readonly name: string;
  readonly rule: Rule;
}

/** One feed: its rows' columns in the order of the clean form, the key (`ind`) first. */
export interface Feed {
  readonly name: FeedName;
  /** Grows by one with every change of what a rule yields. */
  readonly rules: number;
  /** The raw column that holds the post's number. */
  readonly key: string;
  /** Without the key. */
  readonly columns: readonly Column[];
}

export const feedNames = ['pin', 'geo', 'user'] as const;
export type FeedName = (typeof feedNames)[number];

/** The raw columns that a rule reads. */
export const sources = (rule: Rule): readonly SourceRule[] =>
  rule.kind === 'concat' || rule.kind === 'array' ? rule.of : [rule];

/** The raw columns of a feed besides its key, in the order of the clean form. */
export const sourceColumns = (feed: Feed): readonly string[] =>
  feed.columns.flatMap(({ rule }) => sources(rule).map(({ from }) => from));
