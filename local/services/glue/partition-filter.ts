import { invalid } from './catalog-input.ts';

type Value = string | number;
type Test = (values: readonly string[]) => boolean;

interface Key {
  readonly Name: string;
  readonly Type: string;
}

const TOKEN = /\s*(?:('(?:[^']|'')*')|(<=|>=|<>|!=|[=<>(),])|([\w.+-]+)|"((?:[^"])*)"|(\S))/gy;
const NUMERIC = /^(tinyint|smallint|int|integer|bigint|long|float|double|decimal)/;

/**
 * Reads an expression over partition keys: comparisons, IN, BETWEEN, NOT, AND, OR and parentheses. Numbers are compared
 * as numbers, everything else (dates too) as text.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
 * @throws ServiceError InvalidInputException for anything else
 */
export function partitionFilter(expression: string, keys: readonly Key[]): Test {
  const tokens = [...expression.matchAll(TOKEN)].map(([, text, symbol, word, quoted, stranger]) => {
    if (stranger !== undefined) throw unreadable(expression);
    return text ?? symbol ?? word ?? `"${quoted}`;
  });
  let at = 0;
  const peek = (): string => (tokens[at] ?? '').toUpperCase();
  const next = (): string => {
    const token = tokens[at];
    if (token === undefined) throw unreadable(expression);
    at += 1;
    return token;
  };
  const accept = (token: string): boolean => {
    if (peek() !== token) return false;
    at += 1;
    return true;
  };
  const expect = (token: string): void => {
    if (!accept(token)) throw unreadable(expression);
  };

  const either = (): Test => {
    const first = both();
    if (!accept('OR')) return first;
    const second = either();
    return (values) => first(values) || second(values);
  };
  const both = (): Test => {
    const first = one();
    if (!accept('AND')) return first;
    const second = both();
    return (values) => first(values) && second(values);
  };
  const one = (): Test => {
    if (accept('NOT')) return opposite(one());
    if (!accept('(')) return comparison();
    const inner = either();
    expect(')');
    return inner;
  };
  const comparison = (): Test => {
    const name = next().replace(/^"/, '').toLowerCase();
    const index = keys.findIndex((key) => key.Name.toLowerCase() === name);
    if (index < 0) throw invalid(`The expression names ${name}, which is no partition key.`);
    const numeric = NUMERIC.test(keys[index]!.Type.toLowerCase());
    const actual = (values: readonly string[]): Value => (numeric ? Number(values[index]) : values[index]!);
    const literal = (): Value => {
      if (/^(DATE|TIMESTAMP)$/.test(peek())) at += 1;
      const token = next();
      if (/^[=<>!(),"]/.test(token)) throw unreadable(expression);
      const text = token.startsWith("'") ? token.slice(1, -1).replaceAll("''", "'") : token;
      return numeric ? Number(text) : text;
    };
    const compared = (compare: (a: Value, b: Value) => boolean): Test => {
      const value = literal();
      return (values) => compare(actual(values), value);
    };
    const negated = accept('NOT');
    const operator = next().toUpperCase();
    if (operator === 'IN') {
      expect('(');
      const allowed = [literal()];
      while (accept(',')) allowed.push(literal());
      expect(')');
      const within: Test = (values) => allowed.includes(actual(values));
      return negated ? opposite(within) : within;
    }
    if (operator === 'BETWEEN') {
      const low = literal();
      expect('AND');
      const high = literal();
      const within: Test = (values) => actual(values) >= low && actual(values) <= high;
      return negated ? opposite(within) : within;
    }
    const compare = negated ? undefined : COMPARISONS[operator];
    if (compare === undefined) throw unreadable(expression);
    return compared(compare);
  };

  const test = either();
  if (at < tokens.length) throw unreadable(expression);
  return test;
}

const COMPARISONS: Readonly<Record<string, (a: Value, b: Value) => boolean>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const opposite =
  (test: Test): Test =>
  (values) =>
    !test(values);
const unreadable = (expression: string) => invalid(`The partition expression is not supported here: ${expression}`);
