import { arnPattern, wildcard } from './wildcard.ts';

/**
 * Condition keys that calls here can have, in lower case. `aws:SecureTransport` is true for every call: nothing leaves the
 * loopback interface, which stands in for TLS.
 */
export const CONDITION_KEYS: ReadonlySet<string> = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:securetransport',
  'aws:sourceaccount',
  'aws:sourcearn',
  'cloudwatch:namespace',
  'dynamodb:leadingkeys',
  's3:prefix',
]);

export type ConditionTest = (context: ReadonlyMap<string, readonly string[]>) => boolean;

type Compare = (expected: string) => (actual: string) => boolean;

const operators: Readonly<Record<string, Compare>> = {
  Bool: (expected) => (actual) => actual.toLowerCase() === expected.toLowerCase(),
  StringEquals: (expected) => (actual) => actual === expected,
  StringEqualsIgnoreCase: (expected) => (actual) => actual.toLowerCase() === expected.toLowerCase(),
  StringLike: (expected) => wildcard(expected),
  // Both allow wildcards and compare part by part.
  ArnEquals: arnPattern,
  ArnLike: arnPattern,
};

const negated: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
};

/**
 * One operator and key of a `Condition`, with `…IfExists`, `ForAnyValue:` and `ForAllValues:`; undefined for an unknown
 * operator. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function conditionTest(operator: string, key: string, expected: readonly string[]): ConditionTest | undefined {
  const name = key.toLowerCase();
  if (operator === 'Null') return (context) => String(!context.has(name)) === expected[0]?.toLowerCase();
  const [, set, base, ifExists] = /^(ForAnyValue:|ForAllValues:)?(.*?)(IfExists)?$/.exec(operator)!;
  const opposite = negated[base!];
  const compare = operators[opposite ?? base!];
  if (compare === undefined) return undefined;
  const tests = expected.map(compare);
  const matches = (actual: string): boolean => tests.some((test) => test(actual)) === (opposite === undefined);
  return (context) => {
    const actual = context.get(name);
    // A missing key fails a positive operator and satisfies a negated one.
    if (actual === undefined || actual.length === 0) {
      return ifExists !== undefined || set === 'ForAllValues:' || (opposite !== undefined && set === undefined);
    }
    if (set === 'ForAllValues:') return actual.every(matches);
    return set === undefined ? matches(actual[0]!) : actual.some(matches);
  };
}
