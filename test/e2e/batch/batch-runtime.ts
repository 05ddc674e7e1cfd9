import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BatchNames,
  batchNamesOf,
  type DeployedNames,
  deployedNames,
} from '../../../cli/accounting/deployed-names.ts';
import { distinctRecords, type Raw, RawReader } from '../../../cli/accounting/raw.ts';
import { type Clients, clientsAt } from '../../../cli/aws.ts';
import { type DateRange, followRun, type RunResult, startRun } from '../../../cli/batch/run.ts';
import type { Step } from '../../../cli/batch/steps.ts';
import { consoleOf } from '../../../cli/console/at-start.ts';
import { httpDoor } from '../../../cli/emulator/door.ts';
import type { DoorName } from '../../../cli/emulator/doors.ts';
import { emulate, type LoggedAnswer, type SentPost } from '../../../cli/emulator/emulate.ts';
import { synthesize } from '../../../cli/synth.ts';
import { type Runtime, startRuntime } from '../../../local/start.ts';
import { formatRecord } from '../../../model/coordinates.ts';
import { type FeedName, feedNames } from '../../../model/rules/rule.ts';
import { withoutDailyRun } from '../daily-run.ts';
import { onRealEngines } from '../real-engines.ts';

/** Of rows that a run may refuse and still be shown: the laptop's profile takes any. */
const MAX_QUARANTINED_SHARE = 0.2;
/** Flush, grace, and the rest of the second that a watermark has to leave behind. */
const SETTLING_MS = 4_100;
const LANDING_LIMIT_MS = 300_000;

export interface BatchRuntimeOptions {
  /** Of the app. @default - the laptop's profile with its batch path */
  readonly context?: Readonly<Record<string, string>>;
  /** With a console, by which `pinflow engine` finds the engines. @default - without */
  readonly hasConsole?: boolean;
}

/** The app with its batch path on the real engines, and what the doors took. */
export class BatchRuntime {
  readonly runtime: Runtime;
  readonly clients: Clients;
  readonly names: DeployedNames;
  readonly assembly: string;
  /** What the runtime told a person. */
  readonly told: string[];
  /** Coordinates of the records that the doors took. */
  readonly taken: Readonly<Record<FeedName, Set<string>>> = { pin: new Set(), geo: new Set(), user: new Set() };
  readonly stateDir: string;
  readonly #hasConsole: boolean;
  readonly #raw: RawReader;
  #lastSentAt = 0;

  private constructor(
    made: Pick<BatchRuntime, 'runtime' | 'clients' | 'names' | 'assembly' | 'told' | 'stateDir'>,
    hasConsole: boolean,
  ) {
    this.runtime = made.runtime;
    this.clients = made.clients;
    this.names = made.names;
    this.assembly = made.assembly;
    this.told = made.told;
    this.stateDir = made.stateDir;
    this.#hasConsole = hasConsole;
    this.#raw = new RawReader(made.clients, this.batch.rawBucket);
  }

  static async start(root: string, options: BatchRuntimeOptions = {}): Promise<BatchRuntime> {
    const { context = { batchPath: 'on' }, hasConsole = false } = options;
    const { directory: assembly } = await synthesize(join(root, 'synth'), context);
    makeStrictAndQuick(join(assembly, 'pinflow-demo-batch.template.json'));
    withoutDailyRun(assembly);
    return BatchRuntime.#run(assembly, join(root, 'state'), hasConsole);
  }

  static async #run(assembly: string, stateDir: string, hasConsole: boolean): Promise<BatchRuntime> {
    const told: string[] = [];
    const runtime = await startRuntime({
      assembly,
      stateDir,
      ...onRealEngines(),
      ...(hasConsole && { console: consoleOf('demo', 0) }),
      log: (line) => told.push(line),
    });
    const clients = clientsAt(runtime.endpoint);
    try {
      const names = await deployedNames(clients, 'demo');
      return new BatchRuntime({ runtime, clients, names, assembly, told, stateDir }, hasConsole);
    } catch (error) {
      clients.close();
      await runtime.stop();
      throw error;
    }
  }

  /** Stops it, and starts what the templates are now, on the same state. What the doors took is still known. */
  async restarted(): Promise<BatchRuntime> {
    await this.stop();
    const again = await BatchRuntime.#run(this.assembly, this.stateDir, this.#hasConsole);
    for (const feed of feedNames) for (const record of this.taken[feed]) again.taken[feed].add(record);
    again.#lastSentAt = this.#lastSentAt;
    return again;
  }

  async stop(): Promise<void> {
    this.clients.close();
    await this.runtime.stop();
  }

  get batch(): BatchNames {
    return batchNamesOf(this.names);
  }

  /** Sends rows one after the other, each until it is taken. `onAnswer` may break things meanwhile. */
  async post(
    posts: Iterable<SentPost>,
    doors: readonly DoorName[] = ['streams', 'topics'],
    onAnswer: (answer: LoggedAnswer) => void = () => {},
  ): Promise<void> {
    const send = httpDoor();
    try {
      await emulate({
        url: `${this.runtime.apiUrl}/prod`,
        deployment: 'demo',
        doors,
        posts: posts[Symbol.iterator](),
        send,
        threads: 1,
        retry: { attempts: 60, firstDelayMs: 200, longestDelayMs: 1_000 },
        onAnswer: (answer) => {
          this.#take(answer);
          onAnswer(answer);
        },
      });
    } finally {
      send.close();
    }
    this.#lastSentAt = Date.now();
  }

  #take({ feed, shardId, sequenceNumber, partition, offset }: LoggedAnswer): void {
    if (shardId !== undefined && sequenceNumber !== undefined) {
      const topic = this.names.streams[feed];
      this.taken[feed].add(formatRecord({ source: 'kinesis', topic, partition: shardId, offset: sequenceNumber }));
    }
    if (partition !== undefined && offset !== undefined) {
      const place = { partition: String(partition), offset: String(offset) };
      this.taken[feed].add(formatRecord({ source: 'kafka', topic: this.batch.topics[feed], ...place }));
    }
  }

  /** Raw once all that was taken is there, and lies below the watermark of a run that starts now. @throws Error */
  async landed(): Promise<Raw> {
    for (const until = Date.now() + LANDING_LIMIT_MS; ; await sleep(300)) {
      const raw = await this.#raw.read();
      const missing = feedNames.flatMap((feed) => {
        const there = distinctRecords(raw[feed]);
        return [...this.taken[feed]].filter((record) => !there.has(record));
      });
      if (missing.length === 0) {
        await sleep(Math.max(0, this.#lastSentAt + SETTLING_MS - Date.now()));
        return raw;
      }
      if (Date.now() > until) throw new Error(`${missing.length} records have not landed, ${missing[0]} first`);
    }
  }

  async run(range?: DateRange, onStep: (step: Step) => void = () => {}): Promise<RunResult> {
    return followRun(this.clients, await startRun(this.clients, this.batch, range), { onStep });
  }

  /** The process of an engine: `kafka`, `trino`, `connect-…`. */
  engine(name: string): number {
    const file = join(this.engines, `${name}.pid`);
    return (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid;
  }

  get engines(): string {
    return join(this.stateDir, 'engines');
  }
}

/** So that a gate can fail at all, and a job that failed is tried again at once. */
function makeStrictAndQuick(file: string): void {
  const changes = [
    [/(?<="MAX_QUARANTINED_SHARE": *)"1"/, `"${MAX_QUARANTINED_SHARE}"`],
    [/(?<=IntervalSeconds\\":)30\b/, '1'],
  ] as const;
  let template = readFileSync(file, 'utf8');
  for (const [from, to] of changes) {
    if (!from.test(template)) throw new Error(`${from} is not in ${file}`);
    template = template.replace(from, to);
  }
  writeFileSync(file, template);
}
