export class JavaRegExpError extends Error {
  constructor(source: string, reason: string) {
    super(`Java regular expression ${JSON.stringify(source)}: ${reason}`);
    this.name = 'JavaRegExpError';
  }
}

const END = '(?=(?:\\r\\n|[\\n\\r\\u0085\\u2028\\u2029])?(?![\\s\\S]))';
const WHITE_SPACE = ' \\t\\n\\v\\f\\r';
const cache = new Map<string, RegExp>();

/**
 * The regular expressions that Java and JavaScript read alike, translated where they differ in the small.
 * @see https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html
 * @throws JavaRegExpError for what this translation does not know.
 */
export function javaRegExp(source: string): RegExp {
  let compiled = cache.get(source);
  if (!compiled) {
    try {
      compiled = new RegExp(translate(source), 'gu');
    } catch (error) {
      if (error instanceof JavaRegExpError) throw error;
      throw new JavaRegExpError(source, (error as Error).message);
    }
    // Templates have few patterns; one computed from input must not fill the memory.
    if (cache.size < 1000) cache.set(source, compiled);
  }
  compiled.lastIndex = 0;
  return compiled;
}

/** `String.matches`: the whole text. */
export const matchesWhole = (text: string, source: string): boolean =>
  new RegExp(`^(?:${javaRegExp(source).source})(?![\\s\\S])`, 'u').test(text);

/** `Matcher.replaceAll`: `$1` is a group, `\x` is x, whatever x is. */
export function replaceAll(text: string, source: string, replacement: string): string {
  const pattern = javaRegExp(source);
  const groups = new RegExp(`${pattern.source}|`, 'u').exec('')!.length - 1;
  const parts = replacementParts(source, replacement, groups);
  return text.replace(pattern, (...match: (string | undefined)[]) =>
    parts.map((part) => (typeof part === 'string' ? part : (match[part] ?? ''))).join(''),
  );
}

function replacementParts(source: string, replacement: string, groups: number): (string | number)[] {
  const parts: (string | number)[] = [];
  for (let i = 0; i < replacement.length; i++) {
    const char = replacement[i]!;
    if (char === '\\') {
      const next = replacement[++i];
      if (next === undefined) throw new JavaRegExpError(source, 'the replacement ends in a backslash');
      parts.push(next);
    } else if (char === '$') {
      if (!/\d/.test(replacement[i + 1] ?? '')) {
        throw new JavaRegExpError(source, 'in the replacement, $ must be followed by the number of a group');
      }
      let group = Number(replacement[++i]);
      // Java takes further digits as long as there is such a group.
      while (/\d/.test(replacement[i + 1] ?? '') && group * 10 + Number(replacement[i + 1]) <= groups) {
        group = group * 10 + Number(replacement[++i]);
      }
      if (group > groups) throw new JavaRegExpError(source, `the replacement names group ${group} of ${groups}`);
      parts.push(group);
    } else {
      parts.push(char);
    }
  }
  return parts;
}

function translate(source: string): string {
  const refuse = (what: string): never => {
    throw new JavaRegExpError(source, `${what} is not known here`);
  };
  let out = '';
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === '\\') {
      out += translateEscape(source[++i] ?? refuse('a backslash at the end'), inClass, refuse);
      continue;
    }
    if (inClass) {
      if (char === '[') refuse('a class within a class');
      if (char === '&' && source[i + 1] === '&') refuse('an intersection of classes');
      if (char === ']') inClass = false;
    } else if (char === '[') {
      inClass = true;
    } else if (char === '(' && source[i + 1] === '?' && !/^\(\?[:=!]/.test(source.slice(i, i + 3))) {
      refuse('this kind of group');
    } else if (/[*+?}]/.test(char) && source[i + 1] === '+') {
      refuse('a possessive quantifier');
    }
    out += char === '$' && !inClass ? END : char;
  }
  return out;
}

function translateEscape(char: string, inClass: boolean, refuse: (what: string) => never): string {
  if (char === 's') return inClass ? WHITE_SPACE : `[${WHITE_SPACE}]`;
  if (char === 'S' && !inClass) return `[^${WHITE_SPACE}]`;
  if (/[dDwWtrnfu]/.test(char)) return `\\${char}`;
  if (/[a-zA-Z0-9]/.test(char)) return refuse(`\\${char}`);
  // Escaped punctuation is itself in Java; JavaScript allows the escape of its syntax characters alone.
  return /[\^$\\.*+?()[\]{}|/]/.test(char) || (inClass && char === '-') ? `\\${char}` : char;
}
