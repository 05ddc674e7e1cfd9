// What the plugin is made of and where it is put. Runs on Node 20 with nothing installed, for set-up.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { jarLock, projectDir } from '../setup/paths.mjs';

export const sourceDir = join(projectDir, 'connect', 'src');
export const distDir = join(projectDir, 'connect', 'dist');
export const pluginPath = join(distDir, 'pinflow-s3-sink.zip');
/** Says of which sources the plugin is. */
export const stampPath = join(distDir, 'pinflow-s3-sink.sources');

/** Whether the plugin of these very sources and jars is there. */
export function isBuilt() {
  return existsSync(pluginPath) && existsSync(stampPath) && readFileSync(stampPath, 'utf8') === sourceHash();
}

export function sourceHash() {
  const hash = createHash('sha256');
  const build = join(projectDir, 'connect', 'build.mjs');
  for (const file of [build, jarLock('connect-build'), jarLock('connect-plugin'), ...javaFiles(sourceDir)]) {
    // Line ends are a checkout's own.
    hash.update(`${basename(file)}\n${readFileSync(file, 'utf8').replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex');
}

export const javaFiles = (folder) => filesIn(folder, '.java');

/** Below a folder, sorted. */
export function filesIn(folder, ending) {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}
