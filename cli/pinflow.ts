import { callOf, helpOf, nearest, readArguments, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { refuseTakenByNpm } from './npm-options.ts';
import { silentAddress } from './silent-address.ts';

const commands: Readonly<Record<string, { summary: string; load(): Promise<{ default: Command }> }>> = {
  start: { summary: 'run the deployment on this machine, with a demonstration', load: () => import('./start.ts') },
  emulate: { summary: 'send posts to a door as the public emulators do', load: () => import('./emulate.ts') },
  account: { summary: 'what became of every row that was accepted', load: () => import('./account.ts') },
  query: { summary: 'ask Athena, in SQL or by the name of a question', load: () => import('./query.ts') },
  batch: { summary: 'run the batch layer now', load: () => import('./batch.ts') },
  backfill: {
    summary: 'clean what arrived on some dates again, into both layers',
    load: () => import('./backfill.ts'),
  },
  rebuild: { summary: 'give metrics their whole live history', load: () => import('./rebuild.ts') },
  compare: { summary: 'tell how far the live and the batch layer differ', load: () => import('./compare.ts') },
  openapi: { summary: 'describe the API as an OpenAPI 3.1 document', load: () => import('./openapi.ts') },
  quarantine: { summary: 'list and show the rows that a rule refused', load: () => import('./quarantine.ts') },
  redrive: { summary: 'take quarantined rows and given up batches up again', load: () => import('./redrive.ts') },
  generate: { summary: 'write the files that follow from the model', load: () => import('./generate.ts') },
  smoke: { summary: 'check a deployment from end to end, on AWS or here', load: () => import('./smoke.ts') },
  destroy: { summary: 'delete a deployment from AWS', load: () => import('./destroy.ts') },
  engine: { summary: 'stop or start an engine of the local runtime', load: () => import('./engine.ts') },
  fault: { summary: 'have a service of the local runtime fail as AWS does', load: () => import('./fault.ts') },
  reset: { summary: 'clear the state of the local deployment', load: () => import('./reset.ts') },
};

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(overview());
    return name === undefined ? 2 : 0;
  }
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (found === undefined) {
    const near = nearest(name, Object.keys(commands));
    throw new UsageError(
      `There is no command ${name}${near === undefined ? '' : `; do you mean ${near}?`}\n${overview()}`,
    );
  }
  const { default: command } = await found.load();
  if (args.includes('--help') || args.includes('-h')) {
    console.log(helpOf(command.line));
    return 0;
  }
  refuseTakenByNpm(command.line, process.env);
  return command.run(readArguments(command.line, args));
}

function overview(): string {
  const names = Object.keys(commands);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${commands[name]!.summary}`);
  const call = callOf('<command>');
  return [`${call} -- [options]`, '', ...lines, '', `${call} -- --help tells the options.`].join('\n');
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = error instanceof UsageError ? 2 : 1;
    const silent = silentAddress(error);
    if (silent !== undefined) {
      console.error(`Nothing answers at ${silent}: npm start runs the pipeline.`);
      return;
    }
    console.error(isExpected(error) ? error.message : error);
    const name = process.argv[2] ?? '';
    if (error instanceof UsageError && Object.hasOwn(commands, name)) console.error(`See: ${callOf(name)} -- --help`);
  },
);

/** Errors of ours say in their message what to do, those of the file system where; a stack is for what nobody expected. */
function isExpected(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || !/^((Type|Reference|Range|Syntax)?Error)$/.test(error.name);
}
