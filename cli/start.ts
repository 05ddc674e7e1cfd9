import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Runtime, startRuntime } from '../local/start.ts';
import { kafkaInstallation, pythonPath, sparkInstallation, trinoInstallation } from '../setup/paths.mjs';
import { type DeployedNames, deployedNames } from './accounting/deployed-names.ts';
import { type Clients, clientsAt, localRegion } from './aws.ts';
import { answersText, stepLine, summaryText } from './batch/print.ts';
import { command } from './command.ts';
import { contextOf } from './context.ts';
import { demonstrateBatch } from './demonstration/batch.ts';
import { type Demonstration, demonstrate } from './demonstration/demonstration.ts';
import { demonstrationTable, onePost, thingsToTry } from './demonstration/print.ts';
import { landedTable, waysToAsk } from './demonstration/print-batch.ts';
import type { DoorAuth } from './door-auth.ts';
import { onInterrupt } from './interrupt.ts';
import { rebuildWhatIsNew } from './rebuild/at-start.ts';
import { defaultStateDir } from './state-dir.ts';
import { synthesize } from './synth.ts';

export default command(
  {
    command: 'start',
    summary: 'Writes the templates, runs them on this machine, and sends some posts through the door.',
    options: {
      once: { type: 'flag', describe: 'end after the demonstration; exit 0 if every row is accounted for' },
      state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' },
      port: { type: 'number', whole: true, min: 0, max: 65_535, describe: 'of the AWS endpoint (4566); 0: any free' },
      'api-port': { type: 'number', whole: true, min: 0, max: 65_535, describe: 'of the API (8000); 0: any free' },
      context: {
        type: 'texts',
        short: 'c',
        value: 'KEY=VALUE',
        describe: 'context of the app: deployment, profile, auth',
      },
    },
  },
  async ({ once = false, state = defaultStateDir, port, 'api-port': apiPort, context: pairs = [] }) => {
    const stateDir = resolve(state);
    mkdirSync(stateDir, { recursive: true });
    const context = contextOf(pairs);
    const interrupted = onInterrupt(() => console.log('\nStopping …'));
    const began = performance.now();
    const synthesized = await synthesize(stateDir, context);
    const synthMs = performance.now() - began;
    if (interrupted.signal.aborted) return 130;
    const runtime = await startRuntime({
      assembly: synthesized.directory,
      stateDir,
      python: pythonPath(),
      kafka: kafkaInstallation(),
      spark: sparkInstallation(),
      trino: trinoInstallation(),
      ...(port !== undefined && { port }),
      ...(apiPort !== undefined && { apiPort }),
      stop: interrupted.signal,
      log: (line) => console.error(`  ! ${line}`),
    }).catch((error: unknown) => {
      if (interrupted.signal.aborted) return undefined;
      throw error;
    });
    if (runtime === undefined) return 130;
    try {
      const steps = [{ name: synthesized.reused ? 'templates unchanged' : 'synth', ms: synthMs }, ...runtime.timings];
      console.log(`Running after ${seconds(performance.now() - began)}: ${steps.map(stepText).join(', ')}`);
      const addsUp = await demonstration(runtime, context['deployment'] ?? 'demo', stateDir, interrupted.signal);
      if (interrupted.signal.aborted) return 130;
      if (once) return addsUp ? 0 : 1;
      console.log('\nRunning. Ctrl-C stops it; what it holds stays.');
      await untilAborted(interrupted.signal);
      return 0;
    } finally {
      await runtime.stop();
      interrupted.dispose();
    }
  },
);

/** @returns whether every row is accounted for */
async function demonstration(
  runtime: Runtime,
  deployment: string,
  stateDir: string,
  stop: AbortSignal,
): Promise<boolean> {
  const url = `${runtime.apiUrl.replace('127.0.0.1', 'localhost')}/prod`;
  const clients = clientsAt(runtime.endpoint);
  try {
    const names = await deployedNames(clients, deployment);
    await rebuildWhatIsNew(clients, names, { stop, log: console.log });
    if (stop.aborted) return false;
    const auth = authAsked(runtime, deployment, clients);
    const shown = await demonstrate({
      clients,
      names,
      url: `${runtime.apiUrl}/prod`,
      auth,
      deployment,
      logFile: join(stateDir, 'demonstration.jsonl'),
      stop,
    });
    if (stop.aborted) return false;
    const sentPosts = `${shown.sent.posts} posts in ${seconds(shown.sent.seconds * 1000)}`;
    console.log(
      `\nDemonstration: ${sentPosts}, some of them twice, some of their rows dirty\n${demonstrationTable(shown)}`,
    );
    for (const fault of shown.faults) console.error(`  ! ${fault}`);
    if (shown.faults.length === 0) console.log('  Every row is accounted for.');
    console.log(`\n${await onePost(clients, names.postsTable)}`);
    const inBatch = await batchDemonstration(clients, names, shown.taken, stop);
    if (stop.aborted) return false;
    console.log(`\n${thingsToTry({ ...runtime, url, auth }, deployment, names.postsTable)}`);
    if (names.batch) console.log(waysToAsk(names.batch.workgroup, names.batch.database));
    return shown.faults.length === 0 && inBatch;
  } finally {
    clients.close();
  }
}

const shownRows = 5;

/** @returns whether what the doors took is in raw, and every row of it accounted for in the batch layer */
async function batchDemonstration(
  clients: Clients,
  names: DeployedNames,
  taken: Demonstration['taken'],
  stop: AbortSignal,
): Promise<boolean> {
  if (names.batch === undefined) return true;
  const { run, answers, faults } = await demonstrateBatch({
    clients,
    names,
    taken,
    onLanded: (raw) => console.log(`\nLanded in raw\n${landedTable(raw)}\n\nBatch run`),
    onStep: (step) => console.log(stepLine(step)),
    stop,
  });
  if (run?.outcome === 'changed' || run?.outcome === 'unchanged') console.log(summaryText(run));
  for (const fault of faults) console.error(`  ! ${fault}`);
  if (answers.length > 0) console.log(`\nAnswers, from Athena\n\n${answersText(answers, shownRows)}`);
  return faults.length === 0;
}

/** What the API asks of its callers, by the outputs of its stack. */
function authAsked({ stacks, apiKeys }: Runtime, deployment: string, clients: Clients): DoorAuth {
  const { ApiInvokeArn, ApiKeyId } = stacks[`pinflow-${deployment}-ingest`]?.outputs ?? {};
  if (ApiInvokeArn) return { kind: 'iam', clients, region: localRegion };
  const key = ApiKeyId && apiKeys.find(ApiKeyId.value)?.value;
  return key === undefined ? { kind: 'none' } : { kind: 'api-key', key };
}

const stepText = ({ name, ms }: { readonly name: string; readonly ms: number }): string => `${name} ${seconds(ms)}`;

const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const keepAlive = setInterval(() => {}, 2 ** 30);
    signal.addEventListener('abort', () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
