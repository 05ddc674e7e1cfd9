const MESSAGE_LENGTH = 1_000;

/**
 * The last exception of a script, from the end of its standard error, as Glue tells it in `ErrorMessage`.
 * @param how in what way the process ended, should it have said nothing
 */
export function failureOf(lines: readonly string[], how: string): string {
  const trace = lines.findLastIndex((line) => line.startsWith('Traceback (most recent call last):'));
  const said = trace < 0 ? -1 : lines.findIndex((line, i) => i > trace && /^[\w.]+(: |$)/.test(line));
  if (said < 0) {
    const last = lines.findLast((line) => line.trim() !== '');
    return `The script ended with ${how}${last === undefined ? '' : `: ${last}`}`.slice(0, MESSAGE_LENGTH);
  }
  // Of an exception from Java, the first of its own lines says more than Python's.
  const [message, java] = lines.slice(said, said + 2);
  return (java?.startsWith(': ') ? `${message}${java}` : message!).slice(0, MESSAGE_LENGTH);
}
