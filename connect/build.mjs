// Compiles the connector and packs the plugin ZIP that MSK Connect takes: the same bytes on every machine, made only when
// sources or jars have changed. `node connect/build.mjs` prints its path.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { zipSync } from 'fflate';
import { jarPaths, javaPath } from '../setup/paths.mjs';
import { distDir, filesIn, isBuilt, javaFiles, pluginPath, sourceDir, sourceHash, stampPath } from './sources.mjs';

const PLUGIN = 'pinflow-s3-sink';
const SERVICE = 'META-INF/services/org.apache.kafka.connect.sink.SinkConnector';
const CONNECTOR = 'dev.pinflow.connect.S3SinkConnector';
/** What the worker of MSK Connect runs on. */
const JAVA = '11';
/** The first time that a ZIP can tell, by the local clock, which is the one it is written in. */
const mtime = new Date(1980, 0, 1);

/** Java or a jar is missing, or the sources do not compile. */
export class PluginBuildError extends Error {
  name = 'PluginBuildError';
}

/** The path of the plugin ZIP, which is built first where these sources have not been. @throws PluginBuildError */
export function pluginZip() {
  if (isBuilt()) return pluginPath;
  const hash = sourceHash();
  mkdirSync(distDir, { recursive: true });
  const folder = mkdtempSync(join(distDir, 'building-'));
  try {
    const made = join(folder, basename(pluginPath));
    writeFileSync(made, packPlugin(join(folder, 'classes')));
    rmSync(stampPath, { force: true });
    renameSync(made, pluginPath);
    writeFileSync(stampPath, hash);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return pluginPath;
}

/** Compiles a folder of sources against what a worker has, the plugin's jars and `classPath`. @throws PluginBuildError */
export function compile(sources, classes, classPath = []) {
  const java = javaPath(21);
  const jars = [...jarPaths('connect-build'), ...jarPaths('connect-plugin')];
  const missing = [java, ...jars].find((file) => !existsSync(file));
  if (missing) throw new PluginBuildError(`The connector needs ${missing}: install it with \`node setup/setup.mjs\`.`);
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m'];
  const path = [...classPath, ...jars].join(delimiter);
  const compiler = ['-cp', path, 'org.eclipse.jdt.internal.compiler.batch.Main'];
  const options = ['-source', JAVA, '-target', JAVA, '-encoding', 'UTF-8', '-g', '-nowarn', '-proc:none', '-cp', path];
  const command = [...flags, ...compiler, ...options, '-d', classes, ...javaFiles(sources)];
  const done = spawnSync(java, command, { encoding: 'utf8' });
  if (done.status !== 0) {
    throw new PluginBuildError(`${sources} does not compile: ${done.error?.message ?? done.stdout + done.stderr}`);
  }
}

/** The bytes of the ZIP; `classes` is a folder to compile to. @throws PluginBuildError */
export function packPlugin(classes) {
  compile(sourceDir, classes);
  const files = { [`${PLUGIN}/${PLUGIN}.jar`]: jarOf(classes) };
  for (const jar of jarPaths('connect-plugin')) files[`${PLUGIN}/${basename(jar)}`] = readFileSync(jar);
  // Jars are compressed already.
  return zipSync(files, { level: 0, mtime });
}

function jarOf(classes) {
  const files = {
    'META-INF/MANIFEST.MF': Buffer.from('Manifest-Version: 1.0\r\n\r\n'),
    [SERVICE]: Buffer.from(`${CONNECTOR}\n`),
  };
  for (const file of filesIn(classes, '.class')) {
    files[relative(classes, file).split(sep).join('/')] = readFileSync(file);
  }
  return zipSync(files, { level: 9, mtime });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(pluginZip());
