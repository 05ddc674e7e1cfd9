import { UsageError } from './arguments.ts';

/** `-c key=value` pairs, as the CDK CLI takes them. @throws UsageError */
export function contextOf(pairs: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new UsageError(`-c is "${pair}": give key=value, such as -c deployment=demo`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
