// Compiles the connector and packs the plugin ZIP that MSK Connect takes. One file for each content of sources and jars,
// in the user's cache: the same bytes on every machine, made once. `node connect/build.mjs` prints its path.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { zipSync } from 'fflate';
import { cacheDir, jarLock, jarPaths, javaPath, projectDir } from '../setup/paths.mjs';

const PLUGIN = 'pinflow-s3-sink';
const SERVICE = 'META-INF/services/org.apache.kafka.connect.sink.SinkConnector';
const CONNECTOR = 'dev.pinflow.connect.S3SinkConnector';
/** What the worker of MSK Connect runs on. */
const JAVA = '11';
/** The first time that a ZIP can tell, by the local clock, which is the one it is written in. */
const mtime = new Date(1980, 0, 1);

const sourceDir = join(projectDir, 'connect', 'src');
const outputDir = join(cacheDir(), 'connect');

/** Java or a jar is missing, or the sources do not compile. */
export class PluginBuildError extends Error {
  name = 'PluginBuildError';
}

/** The path of the plugin ZIP, which is built if these sources have not been. @throws PluginBuildError */
export function pluginZip() {
  const zip = join(outputDir, `${PLUGIN}-${sourceHash()}.zip`);
  if (existsSync(zip)) return zip;
  mkdirSync(outputDir, { recursive: true });
  const folder = mkdtempSync(join(outputDir, 'building-'));
  try {
    const classes = join(folder, 'classes');
    compile(sourceDir, classes);
    const files = { [`${PLUGIN}/${PLUGIN}.jar`]: jarOf(classes) };
    for (const jar of jarPaths('connect-plugin')) files[`${PLUGIN}/${basename(jar)}`] = readFileSync(jar);
    const made = join(folder, basename(zip));
    // Jars are compressed already.
    writeFileSync(made, zipSync(files, { level: 0, mtime }));
    renameSync(made, zip);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return zip;
}

/** Compiles a folder of sources against what a worker has, the plugin's jars and `classPath`. @throws PluginBuildError */
export function compile(sources, classes, classPath = []) {
  const java = javaPath(21);
  const jars = [...jarPaths('connect-build'), ...jarPaths('connect-plugin')];
  const missing = [java, ...jars].find((file) => !existsSync(file));
  if (missing) throw new PluginBuildError(`The connector needs ${missing}: install it with \`node setup/setup.mjs\`.`);
  const options = ['-source', JAVA, '-target', JAVA, '-encoding', 'UTF-8', '-g', '-nowarn', '-proc:none'];
  const path = [...classPath, ...jars].join(delimiter);
  const compiler = ['-cp', path, 'org.eclipse.jdt.internal.compiler.batch.Main', ...options];
  const files = javaFiles(sources);
  const flags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx256m'];
  const done = spawnSync(java, [...flags, ...compiler, '-cp', path, '-d', classes, ...files], { encoding: 'utf8' });
  if (done.status !== 0) {
    throw new PluginBuildError(`${sources} does not compile: ${done.error?.message ?? done.stdout + done.stderr}`);
  }
}

function jarOf(classes) {
  const names = globSync('**/*.class', { cwd: classes }).sort();
  const files = {
    'META-INF/MANIFEST.MF': Buffer.from('Manifest-Version: 1.0\r\n\r\n'),
    [SERVICE]: Buffer.from(`${CONNECTOR}\n`),
  };
  for (const name of names) files[name.split(sep).join('/')] = readFileSync(join(classes, name));
  return zipSync(files, { level: 9, mtime });
}

function sourceHash() {
  const hash = createHash('sha256');
  const inputs = [import.meta.filename, jarLock('connect-build'), jarLock('connect-plugin'), ...javaFiles(sourceDir)];
  for (const file of inputs) {
    // Line ends are a checkout's own.
    hash.update(`${basename(file)}\n${readFileSync(file, 'utf8').replaceAll('\r\n', '\n')}\n`);
  }
  return hash.digest('hex').slice(0, 12);
}

const javaFiles = (folder) =>
  globSync('**/*.java', { cwd: folder })
    .sort()
    .map((file) => join(folder, file));

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(pluginZip());
