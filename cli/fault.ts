import { UsageError } from './arguments.ts';
import { command } from './command.ts';
import { controlOf } from './control.ts';
import { defaultStateDir } from './state-dir.ts';
import { table } from './table.ts';

export default command(
  {
    command: 'fault',
    operands: 'list | start <name> | stop <name>|all',
    summary:
      'Has a service of the local runtime fail as AWS does now and then, to see alarms go off and to try their runbooks. A fault ends with the runtime at the latest.',
    options: {
      share: {
        type: 'number',
        min: 0.001,
        max: 1,
        value: 'SHARE',
        describe: 'of the calls that it meets; 0.5 is every other one (1)',
      },
      for: {
        type: 'number',
        min: 1,
        max: 43_200,
        value: 'SECONDS',
        describe: 'after which it ends by itself (when it is stopped)',
      },
      target: {
        type: 'text',
        value: 'NAME',
        describe: 'a table, stream or function only, such as pinflow-demo-query; * is any text (*)',
      },
      delay: { type: 'number', min: 1, max: 900_000, value: 'MS', describe: 'of invocation-add-delay (3000)' },
      state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' },
    },
  },
  async ({ state = defaultStateDir, operands: [action, name, ...others] = [], ...given }) => {
    const isList = action === 'list' && name === undefined;
    if (!isList && (!(action === 'start' || action === 'stop') || name === undefined || others.length > 0)) {
      throw new UsageError('Say what to do: npm run fault -- list, start <name>, or stop <name>|all');
    }
    const ask = controlOf(state);
    if (isList) {
      const { faults } = await ask('GET', '/api/faults');
      const rows = (faults as readonly Fault[]).map(faultRow);
      console.log(table([['fault', 'what it does', 'now'], ...rows], [false, false, false]));
      return 0;
    }
    const path = `/api/faults/${encodeURIComponent(name!)}/${action}`;
    if (action === 'start') {
      const { share, for: seconds, target, delay: delayMs } = given;
      const started = (await ask('POST', path, { share, seconds, target, delayMs })) as unknown as Fault;
      console.log(`  ${started.name}: ${nowText(started)}`);
      return 0;
    }
    const { stopped } = (await ask('POST', path)) as { readonly stopped: readonly string[] };
    console.log(stopped.length === 0 ? '  It was not there.' : stopped.map((one) => `  ${one} has ended`).join('\n'));
    return 0;
  },
);

/** As the runtime's console tells it. */
interface Fault {
  readonly name: string;
  readonly describe: string;
  readonly running?: {
    readonly share: number;
    readonly target: string;
    readonly delayMs?: number;
    readonly until?: number;
    readonly met: number;
  };
}

const faultRow = (fault: Fault): readonly string[] => [fault.name, fault.describe, nowText(fault)];

function nowText({ running }: Fault): string {
  if (running === undefined) return '';
  const { share, target, delayMs, until, met } = running;
  const parts = [
    `on ${share === 1 ? 'all' : `${Math.round(share * 1_000) / 10} % of`} calls`,
    ...(target === '*' ? [] : [`for ${target}`]),
    ...(delayMs === undefined ? [] : [`by ${delayMs} ms`]),
    ...(until === undefined ? [] : [`for ${Math.max(0, Math.round((until - Date.now()) / 1_000))} s more`]),
    ...(met === 0 ? [] : [`it met ${met}`]),
  ];
  return parts.join(', ');
}
