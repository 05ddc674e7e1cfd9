import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { controlOf } from './control.ts';
import { defaultStateDir } from './state-dir.ts';

export default command(
  {
    command: 'engine',
    operands: 'list | stop <name> | start <name>',
    summary: 'Stops an engine of the local runtime and leaves it down until it is started, to see what an outage does.',
    options: { state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' } },
  },
  async ({ state = defaultStateDir, operands: [action, name, ...others] = [] }) => {
    const ask = controlOf(state);
    if (action === 'list' && name === undefined) {
      const { engines } = await ask('GET', '/api/engines');
      for (const engine of engines as readonly Engine[]) console.log(engineLine(engine));
      return 0;
    }
    if ((action === 'stop' || action === 'start') && name !== undefined && others.length === 0) {
      const path = `/api/engines/${encodeURIComponent(name)}/${action}`;
      console.log(engineLine((await ask('POST', path)) as unknown as Engine));
      return 0;
    }
    throw new UsageError('Say what to do: npm run engine -- list, stop <name> or start <name>');
  },
);

interface Engine {
  readonly name: string;
  readonly running: boolean;
}

const engineLine = ({ name, running }: Engine): string => `  ${name} ${running ? 'runs' : 'is stopped'}`;
