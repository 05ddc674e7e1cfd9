import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Engine } from './engine.ts';
import { freePort } from './free-port.ts';
import { EngineProcess } from './process.ts';
import { TrinoClient } from './trino/client.ts';
import { answersQueries } from './trino/probe.ts';
import { type TrinoInstallation, trinoArguments } from './trino/program.ts';
import { CATALOG, ICEBERG_CATALOG, writeSettings } from './trino/settings.ts';

export interface TrinoOptions {
  readonly installation: TrinoInstallation;
  /** Settings and scratch files go to `<stateDir>/trino`, the log and the process id to `<stateDir>/engines`. */
  readonly stateDir: string;
  readonly region: string;
  /** Of the AWS services that it reads the catalog and the data from, by this key. */
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of the Java heap. @default 512m */
  readonly heap?: string;
  readonly log: (line: string) => void;
}

/** Java or a jar is missing. */
export class TrinoMissingError extends Error {
  constructor(what: string) {
    super(`The query engine needs ${what}, which is not there. Install it with \`node setup/setup.mjs\`.`);
    this.name = 'TrinoMissingError';
  }
}

const READY_LIMIT_MS = 180_000;
/** What loads the code that the first query of a person would wait for. */
const WARM_UP = [
  `SELECT table_name FROM ${CATALOG}.information_schema.tables WHERE table_schema = 'default'`,
  `SHOW SCHEMAS FROM ${ICEBERG_CATALOG}`,
  'SELECT x, count(*), rank() OVER (ORDER BY count(*)) FROM (VALUES 1, 2, 2) t (x) GROUP BY x ORDER BY x',
];

/** Trino 476, which Athena is made of, in a process of its own. */
export class Trino extends Engine {
  readonly client: TrinoClient;

  private constructor(engine: EngineProcess, client: TrinoClient) {
    super(engine);
    this.client = client;
  }

  /** Writes its settings; nothing runs yet. @throws TrinoMissingError */
  static async prepare(options: TrinoOptions): Promise<Trino> {
    const { installation, stateDir, heap = '512m', log, ...aws } = options;
    const { java, compiler, server, connectors } = installation;
    for (const file of [java, compiler, ...server, ...connectors]) {
      if (!existsSync(file)) throw new TrinoMissingError(file);
    }
    const directory = join(stateDir, 'trino');
    const port = await freePort();
    writeSettings({ directory, port, connectors, ...aws });
    const engine = new EngineProcess({
      name: 'trino',
      command: java,
      args: await trinoArguments(installation, heap),
      workingDirectory: directory,
      environment: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', LANG: 'C.UTF-8' },
      directory: join(stateDir, 'engines'),
      probe: () => answersQueries(port),
      readyLimitMs: READY_LIMIT_MS,
      log,
    });
    return new Trino(engine, new TrinoClient(`http://127.0.0.1:${port}`, () => engine.ready()));
  }

  /** Resolves when it answers queries. @throws EngineError */
  start(): Promise<void> {
    return this.process.start();
  }

  /** Makes the first queries quick. Needs the AWS services; without them it changes nothing. */
  async warmUp(): Promise<void> {
    for (const sql of WARM_UP) {
      try {
        for await (const _ of this.client.run(sql, { schema: 'default' }));
      } catch {
        // The query of a person will say what is wrong.
      }
    }
  }
}

export interface TrinoOnDemandOptions extends Omit<TrinoOptions, 'installation'> {
  readonly installation: TrinoInstallation | undefined;
}

/** Trino, started by whoever needs it first. A start that failed is tried again by the next one. */
export class TrinoOnDemand {
  readonly #options: TrinoOnDemandOptions;
  #started: Promise<Trino> | undefined;
  #trino: Trino | undefined;
  #closed = false;

  constructor(options: TrinoOnDemandOptions) {
    this.#options = options;
  }

  /** Resolves when it answers queries. @throws TrinoMissingError, EngineError */
  get(): Promise<Trino> {
    this.#started ??= this.#start().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** What runs; undefined before the first use. */
  get trino(): Trino | undefined {
    return this.#trino;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#trino?.stop();
  }

  async #start(): Promise<Trino> {
    const { installation } = this.#options;
    if (installation === undefined) throw new TrinoMissingError('what set-up fetches for it');
    const trino = await Trino.prepare({ ...this.#options, installation });
    if (this.#closed) throw new Error('The query engine is stopped.');
    this.#trino = trino;
    await trino.start();
    void trino.warmUp();
    return trino;
  }
}
