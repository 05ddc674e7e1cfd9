import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../free-port.ts';
import { answersQueries } from './probe.ts';
import { writeSettings } from './settings.ts';

/** What set-up has fetched for Trino. */
export interface TrinoInstallation {
  /** A Java runtime of version 24 or newer. */
  readonly java: string;
  /** To pack the boot class. */
  readonly python: string;
  /** The server's jars, always in one order: it is part of what the ahead-of-time cache was made for. */
  readonly server: readonly string[];
  /** The jars of the Hive and Iceberg connectors. */
  readonly connectors: readonly string[];
  /** The Eclipse compiler's jar. */
  readonly compiler: string;
  /** Of one user, shared by all clones: keeps the boot class. */
  readonly cache: string;
  /** The file of what was loaded ahead of time, for this runtime and these jars; need not be there. */
  readonly loadedAhead: string;
}

const TRINO_VERSION = '476';
const BOOT_SOURCE = join(import.meta.dirname, 'TrinoBoot.java');
/** Far above half a minute: set-up does other things beside it. */
const TRAINING_LIMIT_MS = 600_000;

const run = promisify(execFile);

/** Flags for a quick start in little memory: the first compiler alone, the simplest collector. */
const FLAGS = [
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:+ExitOnOutOfMemoryError',
  '--enable-native-access=ALL-UNNAMED',
  '--sun-misc-unsafe-memory-access=allow',
  '-Djdk.attach.allowAttachSelf=true',
  '-Dnode.data-dir=var',
  '-Dconfig=etc/config.properties',
  '-Dlog.levels-file=etc/log.properties',
  '-Dlog.enable-console=true',
  `-Dtrino.version=${TRINO_VERSION}`,
];

/** The arguments of `java`, to be run in the folder that has the settings. */
export async function trinoArguments(
  installation: TrinoInstallation,
  heap: string,
  recordTo?: string,
): Promise<readonly string[]> {
  const { cache, loadedAhead: loaded } = installation;
  const boot = await bootJar(installation);
  const classPath = [boot, ...installation.server].join(delimiter);
  mkdirSync(cache, { recursive: true });
  const ahead =
    recordTo !== undefined ? [`-XX:AOTCacheOutput=${recordTo}`] : existsSync(loaded) ? [`-XX:AOTCache=${loaded}`] : [];
  return [`-Xmx${heap}`, ...ahead, ...FLAGS, '-cp', classPath, 'TrinoBoot'];
}

/**
 * Starts Trino once and keeps what it loaded, which halves every start after it. Takes half a minute; does nothing when
 * it is there.
 */
export async function loadAheadOfTime(installation: TrinoInstallation): Promise<void> {
  const file = installation.loadedAhead;
  if (existsSync(file)) return;
  mkdirSync(installation.cache, { recursive: true });
  const directory = mkdtempSync(join(installation.cache, 'training-'));
  try {
    const port = await freePort();
    const nowhere = {
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      accessKeyId: 'none',
      secretAccessKey: 'none',
    };
    writeSettings({ directory, port, connectors: installation.connectors, ...nowhere });
    const made = join(directory, 'trino.aot');
    const trino = spawn(installation.java, await trinoArguments(installation, '512m', made), {
      cwd: directory,
      stdio: 'ignore',
    });
    const kill = () => trino.kill('SIGKILL');
    process.once('exit', kill);
    const ended = new Promise<void>((resolve, reject) => trino.once('exit', () => resolve()).once('error', reject));
    const until = performance.now() + TRAINING_LIMIT_MS;
    const runs = () => trino.exitCode === null && trino.signalCode === null;
    while (runs() && performance.now() < until && !(await answersQueries(port))) await sleep(100);
    trino.kill('SIGTERM');
    const overdue = setTimeout(kill, Math.max(1, until - performance.now()));
    await ended;
    clearTimeout(overdue);
    process.off('exit', kill);
    if (!existsSync(made)) throw new Error('Trino did not start, or could not keep what it had loaded.');
    renameSync(made, file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A class in a folder would keep Java from using the cache: it must be in a jar. */
async function bootJar({ java, python, compiler, cache }: TrinoInstallation): Promise<string> {
  const jar = join(cache, `trino-boot-${TRINO_VERSION}.jar`);
  if (existsSync(jar)) return jar;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'boot-'));
  try {
    await run(java, [
      '-cp',
      compiler,
      'org.eclipse.jdt.internal.compiler.batch.Main',
      '-source',
      '21',
      '-target',
      '21',
      '-d',
      folder,
      BOOT_SOURCE,
    ]);
    await run(python, ['-m', 'zipfile', '-c', 'boot.jar', 'TrinoBoot.class'], { cwd: folder });
    renameSync(join(folder, 'boot.jar'), jar);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return jar;
}
