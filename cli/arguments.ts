import { parseArgs } from 'node:util';
import { wordDistance } from '../model/word-distance.ts';

/** The command cannot be run as it was given; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One option of a command. */
export interface Option {
  readonly type: 'text' | 'number' | 'flag' | 'texts';
  readonly short?: string;
  /** What stands for the value in the help. @default - the values there are, else the type */
  readonly value?: string;
  readonly describe: string;
  /** Of a number. */
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
  /** Of a text: the only values there are. */
  readonly oneOf?: readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

export interface CommandLine<O extends Options> {
  readonly command: string;
  /** What stands beside the options, for the help: `list|show <key>`. @default - nothing may */
  readonly operands?: string;
  readonly summary: string;
  readonly options: O;
}

type Value<T extends Option['type']> = { text: string; number: number; flag: boolean; texts: readonly string[] }[T];
/** What was given, by the option's name; what was not is absent. */
export type Given<O extends Options> = { readonly [K in keyof O]?: Value<O[K]['type']> } & {
  readonly operands?: readonly string[];
};

/** @throws UsageError for an unknown option, a missing or unusable value, or anything that is no option. */
export function readArguments<O extends Options>(line: CommandLine<O>, args: readonly string[]): Given<O> {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(line.options).map(([name, { type, short }]) => [
        name,
        { type: type === 'flag' ? ('boolean' as const) : ('string' as const), ...(short !== undefined && { short }) },
      ]),
    ),
  });
  const given: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      if (line.operands === undefined) throw new UsageError(`"${token.value}" is no option of ${line.command}.`);
      given['operands'] = [...((given['operands'] as string[]) ?? []), token.value];
      continue;
    }
    const option = Object.hasOwn(line.options, token.name) ? line.options[token.name] : undefined;
    if (option === undefined) throw unknownOption(line, token.rawName);
    const value = readValue(token.rawName, option, token.value);
    given[token.name] = option.type === 'texts' ? [...((given[token.name] as string[]) ?? []), value] : value;
  }
  return given as Given<O>;
}

function readValue(name: string, option: Option, text: string | undefined): string | number | boolean {
  if (option.type === 'flag') {
    if (text !== undefined) throw new UsageError(`${name} takes no value.`);
    return true;
  }
  if (text === undefined || text === '') throw new UsageError(`${name} needs a value: ${name} ${placeholder(option)}`);
  if (option.type !== 'number') {
    if (option.oneOf && !option.oneOf.includes(text)) {
      throw new UsageError(`${name} is "${text}": it can be ${option.oneOf.join(', ')}.`);
    }
    return text;
  }
  const { min = -Infinity, max = Infinity, whole = false } = option;
  const number = Number(text);
  if (!Number.isFinite(number) || number < min || number > max || (whole && !Number.isInteger(number))) {
    const upTo = max === Infinity ? '' : ` to ${max}`;
    throw new UsageError(`${name} is "${text}": give a ${whole ? 'whole ' : ''}number from ${min}${upTo}.`);
  }
  return number;
}

/** What the file system says to `work`, on what an option names. @throws UsageError */
export async function forOption<T>(option: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    throw new UsageError(`${option}: ${message}. Name another one.`);
  }
}

function unknownOption(line: CommandLine<Options>, given: string): UsageError {
  const names = Object.keys(line.options).map((name) => `--${name}`);
  const near = nearest(given, names);
  const hint = near === undefined ? `its options are ${names.join(', ')}` : `do you mean ${near}?`;
  return new UsageError(`${line.command} has no option ${given}: ${hint}`);
}

/** The name that differs from what was given in at most two letters, if there is one. */
export function nearest(given: string, names: readonly string[]): string | undefined {
  const [best] = names.map((name) => ({ name, far: wordDistance(given, name) })).sort((a, b) => a.far - b.far);
  return best !== undefined && best.far <= 2 ? best.name : undefined;
}

/** How a person calls a command. */
export const callOf = (command: string): string => (command === 'start' ? 'npm start' : `npm run ${command}`);

/** What `--help` prints. */
export function helpOf(line: CommandLine<Options>): string {
  const rows = Object.entries(line.options).map(([name, option]) => {
    const value = option.type === 'flag' ? '' : ` ${placeholder(option)}`;
    const left = `${option.short === undefined ? '' : `-${option.short}, `}--${name}${value}`;
    return [left, option.describe] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const options = rows.map(([left, describe]) => `  ${left.padEnd(width)}  ${describe}`);
  const operands = line.operands === undefined ? '' : ` ${line.operands}`;
  const head = `${callOf(line.command)} --${operands} [options]`;
  return [head, '', line.summary, '', ...options, '', 'In brackets: what holds without the option.'].join('\n');
}

const placeholder = ({ value, oneOf, type }: Option): string =>
  value ?? oneOf?.join('|') ?? (type === 'number' ? 'N' : 'TEXT');
