import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { defaultStateDir } from './state-dir.ts';

/** The runtime does not run, or refuses. */
class EngineCommandError extends Error {
  override readonly name = 'EngineCommandError';
}

export default command(
  {
    command: 'engine',
    operands: 'list | stop <name> | start <name>',
    summary: 'Stops an engine of the local runtime and leaves it down until it is started, to see what an outage does.',
    options: { state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' } },
  },
  async ({ state = defaultStateDir, operands: [action, name, ...others] = [] }) => {
    const access = accessIn(resolve(state));
    if (action === 'list' && name === undefined) {
      const { engines } = await ask(access, 'GET', '/api/engines');
      for (const engine of engines as readonly Engine[]) console.log(engineLine(engine));
      return 0;
    }
    if ((action === 'stop' || action === 'start') && name !== undefined && others.length === 0) {
      const path = `/api/engines/${encodeURIComponent(name)}/${action}`;
      console.log(engineLine((await ask(access, 'POST', path)) as unknown as Engine));
      return 0;
    }
    throw new UsageError('Say what to do: engine list, engine stop <name> or engine start <name>');
  },
);

interface Engine {
  readonly name: string;
  readonly running: boolean;
}

const engineLine = ({ name, running }: Engine): string => `  ${name} ${running ? 'runs' : 'is stopped'}`;

interface Access {
  readonly url: string;
  readonly token: string;
}

/** What the running console left for commands of the same user. @throws EngineCommandError */
function accessIn(stateDir: string): Access {
  const file = join(stateDir, 'console.json');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Access;
  } catch {
    throw new EngineCommandError(`${file} cannot be read: npm start runs the engines.`);
  }
}

/** @throws EngineCommandError */
async function ask({ url, token }: Access, method: string, path: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url + path, { method, headers: { 'x-pinflow-token': token } }).catch(() => {
    throw new EngineCommandError(`Nothing answers at ${url}: npm start runs the engines.`);
  });
  const said = (await response.json()) as { readonly error?: string };
  if (!response.ok) throw new EngineCommandError(said.error ?? `${path} answers ${response.status}.`);
  return said as Readonly<Record<string, unknown>>;
}
