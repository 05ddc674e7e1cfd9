import { join } from 'node:path';
import type { ConsoleOptions } from '../../local/console/console.ts';
import { projectDir } from '../../setup/paths.mjs';
import { deployedNames } from '../accounting/deployed-names.ts';
import { clientsAt } from '../aws.ts';
import { authAsked } from '../demonstration/show.ts';
import { consoleTools } from './tools.ts';

/** The console of a deployment that `pinflow start` runs. @param port @default - 8001, or any free one */
export function consoleOf(deployment: string, port: number | undefined): ConsoleOptions {
  return {
    page: join(projectDir, 'console'),
    runbooks: join(projectDir, 'docs', 'runbooks'),
    ...(port !== undefined && { port }),
    tools: (running) => {
      const clients = clientsAt(running.endpoint);
      const tools = consoleTools({
        clients,
        names: () => deployedNames(clients, deployment),
        url: `${running.apiUrl}/prod`,
        auth: authAsked(running, deployment, clients),
        deployment,
        hasBatch: Object.values(running.stacks).some(({ outputs }) => 'BatchMachineArn' in outputs),
      });
      return {
        ...tools,
        close: () => {
          tools.close();
          clients.close();
        },
      };
    },
  };
}
