/** A number whose text a double cannot give back (`12345678901234567890`, `1.0`): kept as it was written. */
export interface ExactNumber {
  readonly rawJSON: string;
}

/** A value of a template: a Java String, Number, Boolean, null, List or Map. */
export type Value = string | number | boolean | null | ExactNumber | Value[] | { [key: string]: Value };

export class JsonSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonSyntaxError';
  }
}

/** As of Jackson's default, which API Gateway's parser has too. */
const DEEPEST = 1000;

// Not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
const sourced = JSON as unknown as {
  parse(text: string, reviver: (key: string, value: Value, context: { readonly source?: string }) => Value): Value;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

export const isExactNumber = (value: unknown): value is ExactNumber => sourced.isRawJSON(value);

/**
 * Reads JSON without losing digits: a number that would come out of a double differently stays its source text.
 * @throws JsonSyntaxError for text that is no JSON or nests deeper than 1,000.
 */
export function parseJson(text: string): Value {
  const { deepest, exact } = survey(text);
  if (deepest > DEEPEST) throw new JsonSyntaxError(`JSON nests deeper than ${DEEPEST}`);
  try {
    if (!exact) return JSON.parse(text) as Value;
    return sourced.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source ? sourced.rawJSON(source) : value,
    );
  } catch (error) {
    throw new JsonSyntaxError((error as Error).message);
  }
}

/** Compact, with `/` and characters beyond ASCII as they are. */
export const writeJson = (value: Value): string => JSON.stringify(value);

/** One pass over the text, so that the slower exact reading is for the texts which need it. */
function survey(text: string): { deepest: number; exact: boolean } {
  let depth = 0;
  let deepest = 0;
  let exact = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i);
    } else if (code === 0x7b || code === 0x5b) {
      deepest = Math.max(deepest, ++depth);
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const start = i;
      while (i + 1 < text.length && isNumberPart(text.charCodeAt(i + 1))) i++;
      exact ||= !isPlain(text.slice(start, i + 1));
    }
  }
  return { deepest, exact };
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return text.length;
}

/** Digits, `+ - . E e`. */
const isNumberPart = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || code === 0x45 || code === 0x65;

const isPlain = (number: string): boolean => String(Number(number)) === number;
