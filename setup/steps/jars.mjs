// The jars of the engines, by the lock files in setup/jars.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, jarLock, jarPaths, jarSets, jarsDir, projectDir, pythonPath } from '../paths.mjs';
import { run, size } from '../process.mjs';
import { python } from './python.mjs';

export const jars = {
  title: 'jars of Kafka, Spark and Trino',
  download: '370 MB',
  after: [python],
  place: () => jarSets.flatMap(jarPaths).find((jar) => !existsSync(jar)) ?? jarsDir(),
  // A jar is moved to its place once its hash is right.
  present: () => jarSets.every((set) => jarPaths(set).every((jar) => existsSync(jar))),

  async install() {
    mkdirSync(jarsDir(), { recursive: true });
    const folder = mkdtempSync(join(cacheDir(), 'fetching-jars-'));
    try {
      const script = join(projectDir, 'setup', 'jars', 'fetch.py');
      await run(pythonPath(), ['-B', script, jarsDir(), folder, ...jarSets.map(jarLock)], {
        advice: 'The jars could not be fetched. Check the network and try again: what was fetched is kept.',
        told: (line) => console.log(`  jars: ${line}`),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return size(jarsDir());
  },
};
