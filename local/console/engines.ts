import { ConsoleError, type Route } from './http.ts';

/** A process behind a service, which is started again when it dies, but not when it was stopped. */
export interface StoppableEngine {
  readonly running: boolean;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Of those that run now, by name: a connector that is defined later is there later. */
export type Engines = () => Promise<Readonly<Record<string, readonly StoppableEngine[]>>>;

/** Engines stopped by hand stay down until they are started by hand: for trying what an outage does. */
export function engineRoutes(engines: Engines): Route[] {
  const find = async (name: string): Promise<readonly StoppableEngine[]> => {
    const all = await engines();
    const found = Object.hasOwn(all, name) ? all[name]! : [];
    if (found.length > 0) return found;
    const names = Object.keys(all).filter((other) => all[other]!.length > 0);
    throw new ConsoleError(404, `There is no engine ${name} here; there are ${names.join(', ') || 'none'}.`);
  };
  return [
    {
      method: 'GET',
      path: '/api/engines',
      handle: async () => {
        const all = Object.entries(await engines()).filter(([, processes]) => processes.length > 0);
        return {
          engines: all.map(([name, processes]) => ({ name, running: processes.every(({ running }) => running) })),
        };
      },
    },
    {
      method: 'POST',
      path: '/api/engines/:name/:action',
      handle: async ({ parameters }) => {
        const { name = '', action } = parameters;
        if (action !== 'stop' && action !== 'start') throw new ConsoleError(404, 'An engine takes stop or start.');
        const processes = await find(name);
        await Promise.all(
          processes.filter(({ running }) => running === (action === 'stop')).map((one) => one[action]()),
        );
        return { name, running: processes.every(({ running }) => running) };
      },
    },
  ];
}
