import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudWatch } from '../services/cloudwatch/types.ts';
import { ConsoleError, type Route } from './http.ts';

const HISTORY = 100;

/** @param runbooks the folder of the runbook articles, `<name>.md` */
export function alarmRoutes(cloudWatch: Pick<CloudWatch, 'alarms' | 'alarmHistory'>, runbooks: string): Route[] {
  return [
    { method: 'GET', path: '/api/alarms', handle: () => ({ alarms: cloudWatch.alarms() }) },
    {
      method: 'GET',
      path: '/api/alarms/:name/history',
      handle: ({ parameters }) => ({ history: cloudWatch.alarmHistory(parameters['name']!, HISTORY) }),
    },
    {
      method: 'GET',
      path: '/api/runbooks/:name',
      handle: async ({ parameters }) => {
        const name = parameters['name']!;
        if (!/^[a-z0-9-]+$/.test(name)) throw new ConsoleError(404, `There is no runbook ${name}.`);
        const markdown = await readFile(join(runbooks, `${name}.md`), 'utf8').catch(() => {
          throw new ConsoleError(404, `There is no runbook ${name}.`);
        });
        return { name, markdown };
      },
    },
  ];
}
