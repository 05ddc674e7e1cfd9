import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { startRuntime } from '../local/start.ts';
import { StateLock } from '../local/state-lock.ts';
import { kafkaInstallation, pythonPath, sparkInstallation, trinoInstallation } from '../setup/paths.mjs';
import { forOption } from './arguments.ts';
import { command } from './command.ts';
import { consoleOf } from './console/at-start.ts';
import { contextOf } from './context.ts';
import { seconds } from './demonstration/print.ts';
import { showDemonstration } from './demonstration/show.ts';
import { onInterrupt } from './interrupt.ts';
import { defaultStateDir } from './state-dir.ts';
import { synthesize } from './synth.ts';

export default command(
  {
    command: 'start',
    summary: 'Writes the templates, runs them on this machine, and sends some posts through the door.',
    options: {
      once: {
        type: 'flag',
        describe: 'end after the demonstration; exit 0 if every row is accounted for, and the layers answer the same',
      },
      state: { type: 'text', value: 'DIR', describe: 'the folder of the state (.pinflow)' },
      port: { type: 'number', whole: true, min: 0, max: 65_535, describe: 'of the AWS endpoint (4566); 0: any free' },
      'api-port': { type: 'number', whole: true, min: 0, max: 65_535, describe: 'of the API (8000); 0: any free' },
      'console-port': {
        type: 'number',
        whole: true,
        min: 0,
        max: 65_535,
        describe: 'of the console page (8001, or any free one); 0: any free',
      },
      context: {
        type: 'texts',
        short: 'c',
        value: 'KEY=VALUE',
        describe:
          'context of the app: deployment, profile, auth, batchPath, topicsFeedSpeed, canary, alarm.NAME.SETTING (cdk.json)',
      },
    },
  },
  async ({
    once = false,
    state = defaultStateDir,
    port,
    'api-port': apiPort,
    'console-port': consolePort,
    context: pairs = [],
  }) => {
    const stateDir = resolve(state);
    await forOption('--state', () => mkdirSync(stateDir, { recursive: true }));
    const context = contextOf(pairs);
    const deployment = context['deployment'] ?? 'demo';
    const interrupted = onInterrupt(() => console.log('\nStopping …'));
    const unlessInterrupted = <T>(work: Promise<T>): Promise<T | undefined> =>
      work.catch((error: unknown) => {
        if (interrupted.signal.aborted) return undefined;
        throw error;
      });
    const began = performance.now();
    console.log(`Starting deployment ${deployment} with the state in ${stateDir} …`);
    const synthesized = await unlessInterrupted(
      aloneIn(stateDir, () => synthesize(stateDir, context, interrupted.signal)),
    );
    const synthMs = performance.now() - began;
    if (synthesized === undefined || interrupted.signal.aborted) return 130;
    const runtime = await unlessInterrupted(
      startRuntime({
        assembly: synthesized.directory,
        stateDir,
        python: pythonPath(),
        kafka: kafkaInstallation(),
        spark: sparkInstallation(),
        trino: trinoInstallation(),
        ...(port !== undefined && { port }),
        ...(apiPort !== undefined && { apiPort }),
        console: consoleOf(deployment, consolePort),
        stop: interrupted.signal,
        log: (line) => console.error(`  ! ${line}`),
      }),
    );
    if (runtime === undefined) return 130;
    try {
      const steps = [{ name: synthesized.reused ? 'templates unchanged' : 'synth', ms: synthMs }, ...runtime.timings];
      console.log(`Running after ${seconds(performance.now() - began)}: ${steps.map(stepText).join(', ')}`);
      console.log(`Console: ${runtime.consoleUrl}`);
      const addsUp = await showDemonstration(runtime, {
        deployment,
        stateDir,
        stop: interrupted.signal,
      });
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

/** A runtime that is there reads its templates still. @throws StateInUseError */
async function aloneIn<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  const lock = await StateLock.take(stateDir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

const stepText = ({ name, ms }: { readonly name: string; readonly ms: number }): string => `${name} ${seconds(ms)}`;

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const keepAlive = setInterval(() => {}, 2 ** 30);
    signal.addEventListener('abort', () => {
      clearInterval(keepAlive);
      resolve();
    });
  });
