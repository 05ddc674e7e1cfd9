import { ConsoleError, type Route } from './http.ts';
import type { ConsoleTools } from './tools.ts';

const LISTED = 200;

/** Rows that a rule refused. */
export function quarantineRoutes(tools: ConsoleTools): Route[] {
  return [
    { method: 'GET', path: '/api/quarantine', handle: () => tools.quarantined(LISTED) },
    {
      method: 'POST',
      path: '/api/redrive',
      handle: ({ body }) => {
        const { keys } = body;
        if (!Array.isArray(keys) || keys.length === 0 || !keys.every((key) => typeof key === 'string')) {
          throw new ConsoleError(400, 'keys is a list of keys of quarantined objects.');
        }
        return tools.redrive(keys);
      },
    },
  ];
}
