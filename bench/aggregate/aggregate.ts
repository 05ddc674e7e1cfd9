import { join } from 'node:path';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { clientsAt } from '../../cli/aws.ts';
import type { Section } from '../report.ts';
import { HostedRuntime } from '../runtime.ts';
import type { Surroundings } from '../surroundings.ts';
import { foldedSections } from './folded.ts';
import { latencies } from './latency.ts';
import { quantileSection } from './quantiles.ts';
import { servedSection } from './served.ts';
import { writtenSections } from './written.ts';

/** Changes to counters: in memory, into DynamoDB in this process, and from a POST to an answer through a runtime. */
export async function aggregate(surroundings: Surroundings): Promise<readonly Section[]> {
  const { closing, directory, note } = surroundings;
  const folded = await foldedSections(surroundings);
  const written = await writtenSections(surroundings);
  const quantiles = await quantileSection(surroundings);

  note('starting a runtime');
  const runtime = new HostedRuntime(closing);
  const { endpoint, apiUrl } = await runtime.start({ stateDir: join(directory, 'state'), mapped: true });
  const clients = clientsAt(endpoint);
  closing.add('the clients', () => clients.close());
  const names = await deployedNames(clients, 'demo');
  note('posting at 10, 50 and 200 posts a second');
  const latency = await latencies(surroundings, { clients, names, runtime, apiUrl });
  const served = await servedSection(surroundings, apiUrl);
  return [...folded, ...written, quantiles, latency, served];
}
