import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { batchNamesOf, deployedNames } from '../../cli/accounting/deployed-names.ts';
import { clientsAt } from '../../cli/aws.ts';
import { followRun, startRun } from '../../cli/batch/run.ts';
import { httpDoor } from '../../cli/emulator/door.ts';
import { emulate } from '../../cli/emulator/emulate.ts';
import { syntheticPosts } from '../../cli/emulator/synthetic.ts';
import { namedQueries, type QueryResult, runQuery } from '../../cli/query/athena.ts';
import { laptop } from '../../lib/profiles/laptop.ts';
import { type Cell, ratio, type Section } from '../report.ts';
import { HostedRuntime } from '../runtime.ts';
import type { Surroundings } from '../surroundings.ts';

const threads = 8;

/**
 * The whole batch path as `npm start` runs it: posts through the topics door, a run of the state machine, every named
 * query of the workgroup; the start by its steps and the memory by process.
 */
export async function runtimeSections(surroundings: Surroundings, posts: number): Promise<readonly Section[]> {
  const { closing, directory, note } = surroundings;
  note('starting the runtime with the batch path');
  const runtime = new HostedRuntime(closing);
  const started = await runtime.start({ stateDir: join(directory, 'state'), mapped: true, batchPath: true });
  const clients = clientsAt(started.endpoint);
  closing.add('the clients', () => clients.close());
  const names = batchNamesOf(await deployedNames(clients, 'demo'));
  const idle = runtime.memory();

  note(`posting ${posts} posts through the topics door`);
  const send = httpDoor({ keepAlive: true });
  const source = syntheticPosts({ seed: 100, count: posts, dirty: 0, duplicates: 0 });
  const url = `${started.apiUrl}/prod`;
  const sent = await emulate({ url, deployment: 'demo', doors: ['topics'], posts: source, send, threads });
  send.close();
  // What lands after a run began is of the next one.
  await sleep((laptop.sink.flush.seconds + laptop.batch.graceSeconds + 2) * 1_000);

  note('running the batch');
  const steps: Cell[][] = [];
  const began = performance.now();
  const run = await followRun(clients, await startRun(clients, names), {
    onStep: ({ name, ms }) => void steps.push([name, Math.round(ms)]),
  });
  if (run.outcome !== 'changed') throw new Error(`The run has not changed anything: ${JSON.stringify(run)}`);
  steps.push(['the whole run', Math.round(performance.now() - began)]);

  note('asking the questions');
  const bare = await best(() => runQuery(clients, names, 'SELECT 1'));
  const questions: Cell[][] = [['SELECT 1', bare.ms, bare.first, 0, 1]];
  for (const { name, sql } of await namedQueries(clients, names)) {
    const { ms, first, scannedBytes } = await best(() => runQuery(clients, names, sql));
    questions.push([name, ms, first, scannedBytes, ratio(ms, bare.ms)]);
  }
  const ended = runtime.memory();
  const cpu = runtime.cpuMs();
  await runtime.stop();
  const total = Object.values(sent.feeds).reduce((sum, { accepted }) => sum + accepted, 0);
  return [
    {
      name: 'run',
      title: `A run of the state machine over ${total} records, in ms`,
      columns: ['state', 'ms'],
      rows: steps,
    },
    {
      name: 'questions',
      title: `The named queries of Athena over ${posts} posts: the quickest of three, in ms of Athena, and the first`,
      columns: ['question', 'ms', 'first', 'bytes scanned', 'of SELECT 1'],
      rows: questions,
    },
    {
      name: 'start',
      title: 'Start with the batch path, cold, in ms',
      columns: ['step', 'ms'],
      rows: [...started.steps.map(({ name, ms }): Cell[] => [name, ms]), ['until it answers', started.totalMs]],
    },
    {
      name: 'memory',
      title: 'Resident memory in MiB, and processor seconds since the start',
      columns: ['process', 'processes', 'after the start', 'at the end', 'processor'],
      rows: ended.map(({ process, processes, mib }) => [
        process,
        processes,
        idle.find((other) => other.process === process)?.mib ?? '-',
        mib,
        Math.round((cpu.get(process) ?? 0) / 1_000),
      ]),
    },
  ];
}

async function best(ask: () => Promise<QueryResult>): Promise<{ ms: number; first: number; scannedBytes: number }> {
  const results = [await ask(), await ask(), await ask()];
  const [first] = results as [QueryResult, ...QueryResult[]];
  return { ms: Math.min(...results.map(({ ms }) => ms)), first: first.ms, scannedBytes: first.scannedBytes };
}
