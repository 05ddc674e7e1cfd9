import { type DeployedNames, deployedNames } from './accounting/deployed-names.ts';
import type { Given, Options } from './arguments.ts';
import { type Clients, clientsAt, clientsOnAws, refuseWithoutRegion } from './aws.ts';
import { localEndpoint } from './local-runtime.ts';

/** Of a command that looks into a deployment. */
export const deploymentOptions = {
  deployment: { type: 'text', value: 'ID', describe: 'the deployment (demo)' },
  endpoint: { type: 'text', value: 'URL', describe: 'the AWS endpoint of a local deployment (that of npm start)' },
  profile: { type: 'text', value: 'NAME', describe: 'of the AWS CLI: look into a deployment on AWS instead' },
  region: { type: 'text', value: 'NAME', describe: 'of the deployment on AWS (that of the profile)' },
} as const satisfies Options;

/** Runs `work` with clients of the deployment that the options name: on AWS with a profile or region, else here. */
export async function inDeployment<T>(
  { deployment = 'demo', endpoint, profile, region }: Given<typeof deploymentOptions>,
  work: (clients: Clients, names: DeployedNames) => Promise<T>,
): Promise<T> {
  const onAws = endpoint === undefined && (profile !== undefined || region !== undefined);
  const clients = onAws
    ? clientsOnAws({ ...(profile !== undefined && { profile }), ...(region !== undefined && { region }) })
    : clientsAt(endpoint ?? localEndpoint());
  try {
    if (onAws) await refuseWithoutRegion(clients);
    return await work(clients, await deployedNames(clients, deployment));
  } finally {
    clients.close();
  }
}
