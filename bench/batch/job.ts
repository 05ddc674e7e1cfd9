import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { compileModel } from '../../model/compile/compile-model.ts';
import { projectDir, sparkInstallation } from '../../setup/paths.mjs';
import type { Section } from '../report.ts';
import type { Surroundings } from '../surroundings.ts';

/** Seconds, as `glue_job.py` prints them. */
interface Took {
  readonly wall: number;
  readonly cpu: number;
}

interface Measured {
  readonly events: number;
  readonly bare: Took;
  readonly job: Took;
  readonly again: Took;
  readonly ratio: number;
}

/** The clean job beside bare Spark that reads and writes the same, in one session with all of the compiler. */
export async function jobSection(
  { closing, directory, note }: Surroundings,
  sizes: readonly number[],
): Promise<Section> {
  const model = join(directory, 'model.json');
  writeFileSync(model, JSON.stringify(compileModel()));
  const { python, javaHome, jars, modules } = sparkInstallation();
  const path = [join(projectDir, 'glue-scripts', 'src'), ...modules];
  const child = spawn(python, [join(import.meta.dirname, 'glue_job.py'), model, ...sizes.map(String)], {
    env: {
      ...process.env,
      JAVA_HOME: javaHome,
      PINFLOW_SPARK_JARS: jars.join(delimiter),
      PYTHONPATH: path.join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      SPARK_LOCAL_IP: '127.0.0.1',
      TMPDIR: directory,
    },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  closing.add('Spark', () => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
  });
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => void last.splice(0, last.push(line) - 30));
  const measured: Measured[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    measured.push(JSON.parse(line));
    note(`the job on ${measured.at(-1)!.events} events: ${line}`);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`glue_job.py ended with ${code}:\n${last.join('\n')}`);
  return {
    name: 'job',
    title: 'The clean job, in seconds; again: the same lines once more, which changes nothing',
    columns: ['events', 'bare Spark', 'job', 'again', 'bare, processor', 'job, processor', 'job / bare'],
    rows: measured.map(({ events, bare, job, again, ratio }) => [
      events,
      bare.wall,
      job.wall,
      again.wall,
      bare.cpu,
      job.cpu,
      ratio,
    ]),
  };
}
