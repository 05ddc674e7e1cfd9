import { join } from 'node:path';
import { deployedNames } from '../../cli/accounting/deployed-names.ts';
import { clientsAt } from '../../cli/aws.ts';
import { postsFrom, recordsOf } from '../events.ts';
import type { Started } from '../processes/runtime.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import { HostedRuntime, type Memory } from '../runtime.ts';
import type { Surroundings } from '../surroundings.ts';
import { bestOf, ceilings, writerCount } from './ceiling.ts';
import { drained } from './drain.ts';
import { latencies } from './latency.ts';
import { loadStreams } from './streams.ts';

/** Three records each. */
const postCount = 6_700;

/**
 * Starts twice: cold to take the times and to make the streams, warm to read what was put into them meanwhile and for
 * the ceiling of its table. The latency from POST to item is taken on a runtime that has nothing else to work off: the
 * counters' functions read what the ceiling wrote long after it.
 */
export async function speed(surroundings: Surroundings): Promise<readonly Section[]> {
  const { closing, directory, note, profile } = surroundings;
  const stateDir = join(directory, 'state');
  note('starting cold');
  const first = new HostedRuntime(closing);
  const cold = await first.start({ stateDir, mapped: true });
  await first.stop();

  note(`putting ${3 * postCount} records into the streams`);
  const records = recordsOf(0, postsFrom(0, postCount));
  const marks = await loadStreams(join(stateDir, 'kinesis'), records);

  note('starting warm, and reading them');
  const runtime = new HostedRuntime(closing);
  if (profile !== undefined) await runtime.profile();
  const warm = await runtime.start({ stateDir, mapped: true });
  const began = Date.now();
  const cpuBefore = runtime.cpuMs();
  const clients = clientsAt(warm.endpoint);
  closing.add('the clients', () => clients.close());
  const names = await deployedNames(clients, 'demo');
  const drain = await drained(clients, names.postsTable, { marks, records: records.length, posts: postCount, began });
  const cpuAfter = runtime.cpuMs();
  if (profile !== undefined) await runtime.profiled(join(profile, 'drain.cpuprofile'));
  const afterDrain = runtime.memory();

  note('writing to the same table as fast as it goes');
  const ceiling = await ceilings(surroundings, { endpoint: warm.endpoint, table: names.postsTable, records });
  const best = bestOf(ceiling);
  const bestUpdate = bestOf(ceiling.filter(({ by }) => by === 'UpdateItem'));

  await runtime.stop();

  note('posting at 10, 50 and 200 posts a second, to a runtime without a past');
  const idle = new HostedRuntime(closing);
  const fresh = await idle.start({ stateDir: join(directory, 'latency'), mapped: true });
  const freshClients = clientsAt(fresh.endpoint);
  closing.add('the clients of the fresh runtime', () => freshClients.close());
  if (profile !== undefined) await idle.profile();
  const posted = await latencies(surroundings, {
    clients: freshClients,
    table: names.postsTable,
    apiUrl: fresh.apiUrl,
  });
  if (profile !== undefined) await idle.profiled(join(profile, 'latency.cpuprofile'));

  return [
    {
      name: 'drain',
      title: `Streams to items: ${records.length} records of 3 feeds`,
      columns: ['way', 'events/s', 'of the ceiling', 'of UpdateItem'],
      rows: (
        [
          ['stream to item', drain.perSecond],
          ['stream to item, with the start of the workers', drain.perSecondWithStart],
          ...ceiling.map(({ by, concurrency, perSecond }) => [
            `${by}, ${writerCount} x ${concurrency} at a time`,
            perSecond,
          ]),
        ] as [string, number][]
      ).map(([way, rate]) => [way, rate, ratio(rate, best.perSecond), ratio(rate, bestUpdate.perSecond)]),
    },
    {
      name: 'processor',
      title: 'Processor time of the drain, in µs an event',
      columns: ['process', 'µs'],
      rows: [...cpuAfter].map(([process, ms]) => [
        process,
        Math.round(((ms - (cpuBefore.get(process) ?? 0)) * 1000) / records.length),
      ]),
    },
    posted,
    startUp(cold, warm),
    memory(afterDrain, idle.memory()),
  ];
}

function startUp(cold: Started, warm: Started): Section {
  const msOf = ({ steps }: Started, name: string): Cell => steps.find((step) => step.name === name)?.ms ?? '-';
  return {
    name: 'start',
    title: 'Start in ms: cold (nothing there), warm (state and templates there)',
    columns: ['step', 'cold', 'warm'],
    rows: [
      ...cold.steps.map(({ name, ms }): Cell[] => [name, ms, msOf(warm, name)]),
      ['until it answers', cold.totalMs, warm.totalMs],
    ],
  };
}

function memory(drained: readonly Memory[], ended: readonly Memory[]): Section {
  return {
    name: 'memory',
    title: 'Resident memory in MiB',
    columns: ['process', 'processes', 'after the drain', 'at the end'],
    rows: ended.map(({ process, processes, mib }) => [
      process,
      processes,
      drained.find((other) => other.process === process)?.mib ?? '-',
      mib,
    ]),
  };
}
