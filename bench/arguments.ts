import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nearest, UsageError } from '../cli/arguments.ts';

export const help = [
  'npm run bench -- <door|clean|speed|batch|aggregate> [options]',
  '',
  '  door   mapping templates, and requests through the door into a stream',
  '  clean  rows through the cleaning rules and the handler',
  '  speed  streams to items, POST to item, start-up and memory',
  '  batch  a topic to raw, raw to silver, the questions, start-up and memory',
  '  aggregate  writes to counters a change, changes to DynamoDB, POST to counter, medians, live answers',
  '',
  '  --json FILE    write the figures to this file too',
  "  --profile DIR  write CPU profiles of the runtime's process to this folder (door and speed)",
  '  --quick        small sizes, for a loaded machine (batch, aggregate)',
  '',
  'Every figure stands beside its ceiling, taken in the same run: see docs/bench.md.',
].join('\n');

export type Given =
  | { readonly help: true }
  | {
      readonly help: false;
      readonly name: string;
      readonly json: string | undefined;
      readonly profile: string | undefined;
      readonly quick: boolean;
    };

/** @throws UsageError for anything but one bench and the options it has */
export function readArguments(args: readonly string[], benches: readonly string[]): Given {
  const { values, positionals } = parsed(args);
  if (values.help) return { help: true };
  const [name, ...others] = positionals;
  if (name === undefined) throw new UsageError(`Say which bench: ${benches.join(', ')}.`);
  if (!benches.includes(name)) {
    const near = nearest(name, benches);
    throw new UsageError(`There is no bench ${name}${near === undefined ? '' : `; do you mean ${near}?`}`);
  }
  if (others.length > 0) throw new UsageError(`One bench at a time: ${others.join(' ')} is too much.`);
  return { help: false, name, json: path(values.json), profile: path(values.profile), quick: values.quick ?? false };
}

const path = (value: string | undefined): string | undefined => (value === undefined ? undefined : resolve(value));

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'string' },
        profile: { type: 'string' },
        quick: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
