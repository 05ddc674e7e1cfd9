import { existsSync, readdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { StateLock } from '../local/state-lock.ts';
import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { defaultStateDir } from './state-dir.ts';

export default command(
  {
    command: 'reset',
    summary: 'Clears the state of the local deployment: streams, posts, objects and logs. What set-up fetched stays.',
    options: {
      state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' },
      yes: { type: 'flag', describe: 'without asking' },
    },
  },
  async ({ state = defaultStateDir, yes = false }) => {
    const directory = resolve(state);
    if (!existsSync(directory)) {
      console.log(`There is no state in ${directory}.`);
      return 0;
    }
    if (!isState(directory)) throw new UsageError(`--state is "${state}": ${directory} holds no state of a start.`);
    const lock = await StateLock.take(directory);
    try {
      if (!yes && !(await agreed(directory))) return 1;
      rmSync(directory, { recursive: true, force: true });
    } finally {
      lock.release();
    }
    console.log(`Cleared ${directory}.`);
    return 0;
  },
);

/** Whether a start wrote what is there: all of it is deleted. */
function isState(directory: string): boolean {
  const names = readdirSync(directory);
  const marks = ['cdk.out.sources', 'addresses.json', 'runtime.json', 'openapi'];
  return marks.some((name) => names.includes(name)) || names.every((name) => name === 'cdk.out');
}

async function agreed(directory: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError(`reset deletes ${directory}: add --yes where nobody can be asked.`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test(await terminal.question(`Delete everything in ${directory}? [y/N] `));
  } finally {
    terminal.close();
  }
}
