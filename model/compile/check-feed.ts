import { type Feed, type SourceRule, sources } from '../rules/rule.ts';
import { columnProblems } from './check-columns.ts';

/** Those of a table of silver besides the feed's own. */
const taken: ReadonlySet<string> = new Set(['ind', 'order_key', 'rules_version', 'arrival']);
const timestampTokens = ['YYYY', 'MM', 'DD', 'hh', 'mm', 'ss'];
/** Of an item of DynamoDB; the rest is for order keys, names and numbers. */
const mostTextBytes = 380_000;

/** What of a feed cannot be cleaned by, as sentences without its name. */
export function feedProblems({ rules, columns }: Feed): readonly string[] {
  return [
    ...(Number.isSafeInteger(rules) && rules >= 1
      ? []
      : [`the version ${rules} of its rules is no whole number from 1.`]),
    ...columnProblems(
      columns.map(({ name }) => name),
      taken,
    ),
    ...columns.flatMap(({ name, rule }) =>
      sources(rule)
        .flatMap(ruleProblems)
        .map((problem) => `${name}: ${problem}`),
    ),
  ];
}

/** All of a post's parts are one item. */
export function postProblems(feeds: readonly Feed[]): readonly string[] {
  const texts = feeds.flatMap(({ columns }) => columns.flatMap(({ rule }) => sources(rule)));
  const bytes = texts.reduce((sum, rule) => sum + (rule.kind === 'text' ? rule.maxBytes : 0), 0);
  return bytes > mostTextBytes
    ? [`The texts of a post take up to ${bytes} bytes, and an item of DynamoDB has room for ${mostTextBytes}.`]
    : [];
}

function ruleProblems(rule: SourceRule): readonly string[] {
  switch (rule.kind) {
    case 'text':
      return [];
    case 'timestamp':
      return [
        ...(rule.formats.length === 0 ? ['it has no format.'] : []),
        ...rule.formats
          .filter((format) => timestampTokens.some((token) => format.split(token).length !== 2))
          .map((format) => `the format ${format} is to have each of ${timestampTokens.join(', ')} once.`),
      ];
    case 'count':
      return [
        ...rangeProblems(rule),
        ...Object.entries(rule.suffixes)
          .filter(([suffix, power]) => !/^[A-Za-z]$/.test(suffix) || !Number.isSafeInteger(power) || power < 0)
          .map(([suffix]) => `the suffix ${suffix} is to be a letter, for a power of ten from 0.`),
      ];
    case 'integer':
    case 'number':
      return rangeProblems(rule);
  }
}

const rangeProblems = ({ min, max }: { readonly min: number; readonly max: number }): readonly string[] =>
  min <= max ? [] : [`nothing is from ${min} to ${max}.`];
