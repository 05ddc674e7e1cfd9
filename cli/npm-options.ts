import { type CommandLine, callOf, type Options, UsageError } from './arguments.ts';

/** npm knows them too, and people set them for all that they do. */
const everyday = new Set(['json', 'yes']);

/**
 * npm takes options that stand before `--` for its own, and leaves scripts nothing of them but a variable.
 * @throws UsageError for one of the command's
 */
export function refuseTakenByNpm(line: CommandLine<Options>, environment: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(line.options)) {
    if (everyday.has(name) || !environment[`npm_config_${name.replaceAll('-', '_')}`]) continue;
    throw new UsageError(
      `npm took --${name} for itself. Options come after --: ${callOf(line.command)} -- --${name} …`,
    );
  }
}
