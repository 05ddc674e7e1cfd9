/** `*` is any text, `?` any one character; `${*}`, `${?}` and `${$}` are those characters themselves. */
export function wildcard(pattern: string, flags = ''): (value: string) => boolean {
  if (pattern === '*') return () => true;
  if (!/[*?$]/.test(pattern) && flags === '') return (value) => value === pattern;
  const source = pattern.replace(/\$\{([*?$])\}|[*?]|[.+^${}()|[\]\\]/g, (found, literal?: string) => {
    if (literal !== undefined) return `\\${literal}`;
    if (found === '*') return '.*';
    return found === '?' ? '.' : `\\${found}`;
  });
  const expression = new RegExp(`^${source}$`, `s${flags}`);
  return (value) => expression.test(value);
}

/** Compares ARNs part by part, so that a wildcard of one part does not reach into the next; the sixth is the rest. */
export function arnPattern(pattern: string): (arn: string) => boolean {
  const parts = arnParts(pattern);
  if (parts.length < 6) return wildcard(pattern);
  const tests = parts.map((part) => wildcard(part));
  return (arn) => {
    const values = arnParts(arn);
    return values.length === 6 && tests.every((test, index) => test(values[index]!));
  };
}

function arnParts(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}
