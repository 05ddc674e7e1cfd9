import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { synthesize } from '../../cli/synth.ts';
import { type Runtime, startRuntime, type Timing } from '../../local/start.ts';
import { kafkaInstallation, pythonPath, sparkInstallation, trinoInstallation } from '../../setup/paths.mjs';
import { serve } from '../child.ts';

export interface StartOptions {
  readonly stateDir: string;
  /** Whether anything reads the streams. */
  readonly mapped: boolean;
  /** @default false */
  readonly batchPath?: boolean;
}

export interface Started {
  readonly endpoint: string;
  readonly apiUrl: string;
  /** The cloud assembly that runs. */
  readonly assembly: string;
  /** From the start of the process. */
  readonly steps: readonly Timing[];
  readonly totalMs: number;
}

/** The runtime as `npm start` runs it, without the demonstration. */
const duties = {
  start: async ({ stateDir, mapped, batchPath = false }: StartOptions): Promise<Started> => {
    const loadedMs = performance.now();
    const { directory } = await synthesize(stateDir, { batchPath: batchPath ? 'on' : 'off' });
    const synthesizedMs = performance.now();
    if (!mapped) unmap(directory);
    runtime = await startRuntime({
      assembly: directory,
      stateDir,
      python: pythonPath(),
      ...(batchPath && { kafka: kafkaInstallation(), spark: sparkInstallation(), trino: trinoInstallation() }),
      port: 0,
      apiPort: 0,
      log: (line) => console.error(`  ! ${line}`),
    });
    const { endpoint, apiUrl, timings } = runtime;
    const steps = [
      { name: 'load the program', ms: Math.round(loadedMs) },
      { name: 'synth', ms: Math.round(synthesizedMs - loadedMs) },
      ...timings,
    ];
    return { endpoint, apiUrl, assembly: directory, steps, totalMs: Math.round(performance.now()) };
  },
  profile: async () => {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  },
  profiled: async (file: string) => {
    const { profile } = await session!.post('Profiler.stop');
    session!.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  },
};

export type RuntimeDuties = typeof duties;

let runtime: Runtime | undefined;
let session: Session | undefined;

function unmap(assembly: string): void {
  const file = join(assembly, 'pinflow-demo-speed.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, { Type: string }> };
  for (const [id, { Type: type }] of Object.entries(template.Resources)) {
    if (type === 'AWS::Lambda::EventSourceMapping') delete template.Resources[id];
  }
  writeFileSync(file, JSON.stringify(template));
}

serve(duties, () => runtime?.stop());
