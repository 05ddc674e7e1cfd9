import type { CommandLine, Given, Options } from './arguments.ts';

/** One subcommand. Its module is read only when it is the one that was asked for. */
export interface Command {
  readonly line: CommandLine<Options>;
  /** @returns the exit code */
  run(given: Given<Options>): Promise<number>;
}

/** Keeps the types of the options for `run`. */
export function command<const O extends Options>(
  line: CommandLine<O>,
  run: (given: Given<O>) => Promise<number>,
): Command {
  return { line, run: run as Command['run'] };
}
