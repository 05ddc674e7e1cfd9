import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { processIdentity } from '../process-identity.ts';
import { guard } from './guard.ts';
import { TERMINATE_LIMIT_MS } from './leftover.ts';
import { failureOf } from './spark/failure.ts';
import { LOGGING, sparkDefaults } from './spark/settings.ts';

/** Where PySpark, Java and the jars beside Spark's own are. */
export interface SparkInstallation {
  /** The interpreter of the environment that has PySpark. */
  readonly python: string;
  /** Java 21. */
  readonly javaHome: string;
  readonly jars: readonly string[];
  /** Folders of Python modules that Glue has and PySpark has not, such as `awsglue`. */
  readonly modules: readonly string[];
  /** Of the user: for the archive of loaded classes, which the first job fills. @default - none is kept */
  readonly cacheDir?: string;
  /** Of the Java heap. @default 1g */
  readonly heap?: string;
}

export interface SparkRunOptions {
  readonly installation: SparkInstallation;
  /** Names the process id's file. */
  readonly id: string;
  /** Of this run alone; made here, and removed at its end. */
  readonly directory: string;
  /** Where process ids are kept. */
  readonly engines: string;
  /** Of the AWS services. */
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Files, already here. */
  readonly script: string;
  readonly pythonFiles: readonly string[];
  readonly arguments: readonly string[];
  readonly conf: Readonly<Record<string, string>>;
  readonly output: (line: string) => void;
  readonly error: (line: string) => void;
}

/** Java, Python or a jar is missing. */
export class SparkMissingError extends Error {
  constructor(what: string) {
    super(`Glue jobs need ${what}, which is not there. Install it with \`node setup/setup.mjs\`.`);
    this.name = 'SparkMissingError';
  }
}

/** In the folder of the run, where its processes start. */
const SETTINGS = 'spark-defaults.conf';
const KEPT_LINES = 400;

/** One PySpark script in processes of its own: Python, and the Java that it starts. */
export class SparkRun {
  readonly #child: ChildProcess;
  /** Undefined when the script ended well, else its last exception. */
  readonly ended: Promise<string | undefined>;

  /** @throws SparkMissingError */
  constructor(options: SparkRunOptions) {
    const { installation, directory, engines, id } = options;
    const { python, javaHome, jars } = installation;
    for (const file of [python, javaHome, ...jars]) if (!existsSync(file)) throw new SparkMissingError(file);
    mkdirSync(directory, { recursive: true });
    mkdirSync(engines, { recursive: true });
    writeFileSync(join(directory, SETTINGS), sparkDefaults(options));
    writeFileSync(join(directory, 'log4j2.properties'), LOGGING);
    const pidFile = join(engines, `spark-${id}.pid`);
    // Detached: a group of its own, so that Java is stopped with Python.
    const child = spawn(python, [options.script, ...options.arguments], {
      cwd: directory,
      env: environment(options),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    guard(child);
    if (child.pid !== undefined) {
      writeFileSync(pidFile, JSON.stringify({ pid: child.pid, identity: processIdentity(child.pid) }));
    }
    const last: string[] = [];
    createInterface({ input: child.stdout! }).on('line', options.output);
    createInterface({ input: child.stderr! }).on('line', (line) => {
      last.push(line);
      if (last.length > KEPT_LINES) last.shift();
      options.error(line);
    });
    this.ended = new Promise((resolve) => {
      const end = (error: string | undefined) => {
        rmSync(pidFile, { force: true });
        resolve(error);
      };
      child.once('error', (error) => end(`PySpark cannot be started: ${error.message}`));
      child.once('exit', (code, signal) => {
        // What was printed last may still be on its way; Java, which has the same pipe, may live a little longer.
        const enough = () => {
          child.stdout?.destroy();
          child.stderr?.destroy();
          end(code === 0 ? undefined : failureOf(last, signal ?? `exit code ${code}`));
        };
        // A timer that is late comes before what was printed meanwhile is read, an immediate after it.
        setTimeout(() => setImmediate(enough), 100);
      });
    });
  }

  stop(): void {
    this.#signal('SIGTERM');
    setTimeout(() => this.#signal('SIGKILL'), TERMINATE_LIMIT_MS).unref();
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      // The group: Java may outlive Python, which leads it.
      process.kill(-pid, signal);
    } catch {
      // All of it has ended.
    }
  }
}

/** From this machine only the PATH; credentials are those of the job's role. */
function environment(options: SparkRunOptions): NodeJS.ProcessEnv {
  const { installation, directory, endpoint, region, accessKeyId, secretAccessKey, pythonFiles } = options;
  const { python, javaHome, modules } = installation;
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: directory,
    JAVA_HOME: javaHome,
    // No SPARK_CONF_DIR: it would be on the class path, where a folder with files keeps Java from using its archive.
    PYSPARK_SUBMIT_ARGS: `--properties-file ${SETTINGS} pyspark-shell`,
    SPARK_LOCAL_IP: '127.0.0.1',
    PYSPARK_PYTHON: python,
    PYTHONPATH: [...pythonFiles, ...modules].join(delimiter),
    PYTHONUNBUFFERED: '1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
